"""Who is asking, and what they may do: `JobsReader` and the like in the signature of a route.

A route with one of them is authenticated, counted and within its tenant's quota before it runs. `gate` does
that, for large bodies before they are read; `authenticators` lists the ways to say who is asking.
"""

from qie_batch.gateway.access.dependencies import Admin, Editor, JobsReader, JobsWriter, Reviewer
from qie_batch.gateway.access.subject import Scope, Subject

__all__ = ["Admin", "Editor", "JobsReader", "JobsWriter", "Reviewer", "Scope", "Subject"]
