"""Uploads, and what was made of them or would be."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qie_batch.manifest.summary import Understanding
from qie_batch.views.records import EstimateView


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """Files that were sent and of which a job can be made."""

    upload: str
    #: Seconds since 1970 at which it is deleted.
    expires_at: float
    files: int
    size: Annotated[int, Field(serialization_alias="bytes")]
    #: Left out, as operating systems add them.
    ignored: int
    #: Those that may be the catalog, where one alone is needed.
    catalogs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    url: str
    #: For so long the address gives the object.
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionView:
    #: "" where nothing was submitted.
    job: str
    #: Of which it is made.
    upload: str
    engine_reason: str
    #: Options that were given and that the engine does not take.
    unused: tuple[str, ...]
    estimate: EstimateView
    #: How the catalog was read.
    understood: Understanding
    #: Images that were taken by their last name alone, as rows name folders that were not sent.
    by_name: int
