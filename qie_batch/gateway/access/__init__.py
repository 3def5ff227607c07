"""Who is asking, and what they may do: `JobsReader` and the like in the signature of a route."""

from qie_batch.gateway.access.subject import Admin, Editor, JobsReader, JobsWriter, Scope, Subject

__all__ = ["Admin", "Editor", "JobsReader", "JobsWriter", "Scope", "Subject"]
