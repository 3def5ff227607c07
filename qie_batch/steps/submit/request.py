"""What is asked of a submission, what it works with, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.steps.submit.sources import is_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Costs, EngineCatalog, Intake, ObjectReader, ObjectStore, WebImages
    from qie_batch.manifest import Understanding
    from qie_batch.model import BadRow, Checks, JobOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    #: A path or an s3:// address of the manifest.
    address: str
    order: JobOrder
    #: Bad rows become failed items; otherwise they are InvalidManifest.
    skip_bad_rows: bool = False
    #: A new one unless given. A job that is there already is not entered again.
    job_id: str = ""
    #: The manifest may name no local image outside its folder, and none on a web server that is not listed:
    #: who wrote it need have no right here.
    confined: bool = False
    #: Of the gateway's request, "" without one.
    request_id: str = ""
    #: The W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitContext:
    intake: Intake
    costs: Costs
    store: ObjectStore
    engines: EngineCatalog
    #: The store of a bucket that may be read, or is one of the others given; Rejected for any other bucket.
    bucket: Callable[[str, Collection[str]], ObjectReader]
    #: Images on the web, from listed servers only if True; closed after the images are uploaded.
    web: Callable[[bool], WebImages]
    #: Left after the images are checked.
    decoders: Callable[[], AbstractContextManager[DecoderPool]]
    limits: Limits
    #: Whether there is a file of a name in a folder, for cells that may name several.
    exists: Callable[[str, str], bool] = is_file
    #: Called with what is done, how many of it, and of how many: None while that is not known. The last call
    #: of each kind has both figures equal.
    progress: Callable[[str, int, int | None], None]
    #: UsageError for an address that webhooks may not be sent to.
    check_webhook: Callable[[str], None]
    #: Rejected for a gate or a channel that there is not.
    check_asked: Callable[[Checks], None] = lambda _: None
    #: Called once the columns of the manifest are understood, before any image is read or fetched.
    understood: Callable[[Understanding], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What would happen."""

    understood: Understanding
    rows: int
    items: int
    #: Different ones by content that can be edited.
    images: int
    cached: int
    bad: int
    #: The first bad rows.
    bad_rows: tuple[BadRow, ...]
    #: Items to edit, by preset.
    edits: Mapping[str, int]
    #: Images that came from the web, and those that were the same there as at an earlier submission.
    fetched: int = 0
    unchanged: int = 0
    #: Images without their end marker that are edited all the same, and the name of one.
    unended: tuple[int, str] = (0, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    job_id: str
    #: False if the ledger had a job of this id.
    new: bool
    #: Images that were new to the store.
    uploaded: int
    survey: Survey
