"""Jobs from outside: files or rows of a tenant become an upload, and the upload a job."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from qie_batch.errors import QieError, Unavailable, UsageError
from qie_batch.steps.first_request import first_request, key_of
from qie_batch.steps.known_engines import check_engine
from qie_batch.steps.orders import unused
from qie_batch.steps.submit import SubmitRequest, enter, estimate, new_job_id, prepare
from qie_batch.steps.uploads import address_of, catalog_of, find, take, with_rows
from qie_batch.steps.uploads.rows import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qie_batch.interfaces import Requests
    from qie_batch.manifest import Understanding
    from qie_batch.model import Estimate, JobOrder
    from qie_batch.steps.submit import SubmitContext
    from qie_batch.steps.uploads import SentFile, TakeContext, Upload

#: Seconds for which a request with an idempotency key stands for the job that it made.
REMEMBERED_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRequest:
    """Files, an upload, rows, or rows beside the images of an upload."""

    #: With its owner.
    order: JobOrder
    files: Sequence[SentFile] = ()
    upload_id: str = ""
    #: Empty for a job whose rows are in a catalog.
    rows: Sequence[Mapping[str, Any]] = ()
    #: Which file is the catalog, "" for the only one.
    catalog: str = ""
    skip_bad_rows: bool = False
    #: Estimate, and enter nothing.
    dry_run: bool = False
    #: Given by the client: the same key stands for the same job.
    idempotency_key: str = ""
    request_id: str = ""
    #: The W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionContext:
    #: That of the order's owner.
    submit: SubmitContext
    taking: TakeContext
    requests: Requests
    #: How many files were taken by their last name alone.
    by_name: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    #: "" after a dry run.
    job_id: str
    #: False for a job that an earlier request with the same key made.
    new: bool
    upload_id: str
    engine_reason: str
    #: Options that were given and that the engine does not take.
    unused: tuple[str, ...]
    estimate: Estimate
    understood: Understanding
    #: Images that were taken by their last name alone, as rows name folders that were not sent.
    by_name: int


def submit_from_outside(request: SubmissionRequest, context: SubmissionContext) -> Submission:
    """Make a job, or with `dry_run` say what it would do. InvalidManifest, UsageError, NotFound.

    Repeated with the same idempotency key, also while the first request is worked on, this makes one job.
    """
    check_engine(request.order.engine, context.submit.engines)
    if request.dry_run or not request.idempotency_key:
        return _submit(request, "" if request.dry_run else new_job_id(), context)
    key = key_of("job", request.idempotency_key)
    known, _ = first_request(key, _fingerprint(request), context.requests, REMEMBERED_SECONDS)
    try:
        return _submit(request, known.job_id, context)
    except Unavailable:
        raise  # the ledger may have the job: the next request finds it
    except QieError:
        context.requests.forget(known.key, known.job_id)
        raise


def _fingerprint(request: SubmissionRequest) -> str:
    """Of all that decides the job."""
    digest = hashlib.sha256()
    order = {**asdict(request.order), "skip_bad_rows": request.skip_bad_rows, "catalog": request.catalog}
    asked = [order, request.upload_id, list(request.rows), [sent.name for sent in request.files]]
    digest.update(json.dumps(asked, sort_keys=True, default=str).encode())
    for sent in request.files:
        sent.file.seek(0)
        digest.update(hashlib.file_digest(sent.file, "sha256").digest())
    return digest.hexdigest()


def _submit(request: SubmissionRequest, job_id: str, context: SubmissionContext) -> Submission:
    upload = _upload(request, f"up-{job_id}" if job_id else "", context.taking)
    catalog = MANIFEST if request.rows else catalog_of(upload, request.catalog)
    submit = SubmitRequest(
        address=address_of(upload, catalog, context.taking.store),
        order=replace(request.order, name=request.order.name or catalog.rpartition("/")[2]),
        skip_bad_rows=request.skip_bad_rows or request.dry_run,
        job_id=job_id,
        confined=True,
        request_id=request.request_id,
        traceparent=request.traceparent,
    )
    with prepare(submit, context.submit) as prepared:
        plan = estimate(prepared, context.submit)
        new = not request.dry_run and enter(prepared, context.submit).new
        return Submission(
            job_id=job_id,
            new=new,
            upload_id=upload.id,
            engine_reason=prepared.job.engine_reason,
            unused=tuple(unused(request.order, prepared.info)),
            estimate=plan,
            understood=prepared.survey.understood,
            by_name=context.by_name(),
        )


def _upload(request: SubmissionRequest, upload_id: str, taking: TakeContext) -> Upload:
    """The files of the request, those of an earlier one, or its rows."""
    owner = request.order.owner
    if request.files and (request.rows or request.upload_id):
        raise UsageError("files, and an upload or rows, cannot be sent together", code="submission_unclear")
    beside = find(taking.store, owner, request.upload_id) if request.upload_id else None
    if request.rows:
        return with_rows(request.rows, owner, taking, upload_id=upload_id, beside=beside)
    if beside:
        return beside
    if not request.files:
        raise UsageError(
            "the request has neither a catalog nor rows",
            code="submission_empty",
            hint="send files, the id of an upload, or rows",
        )
    return take(request.files, owner, taking, upload_id)
