"""What was prepared enters the store and the ledger."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import stamina

from qie_batch.errors import LedgerUnavailable, Rejected, UsageError
from qie_batch.keys import fetched_key, input_key, job_key
from qie_batch.steps.stored_rows import CONTENT_TYPE, ROWS
from qie_batch.steps.submit.checked_images import AT_A_TIME
from qie_batch.steps.submit.prepare import prepare
from qie_batch.steps.submit.request import SubmitRequest, Submitted
from qie_batch.steps.submit.sources import LENGTH
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qie_batch.interfaces import ObjectStore
    from qie_batch.model import Schedule
    from qie_batch.steps.submit.checked_images import CheckedImages
    from qie_batch.steps.submit.prepare import Prepared
    from qie_batch.steps.submit.request import SubmitContext

_Arguments = TypeVarTuple("_Arguments")
_Sent = TypeVar("_Sent")

UPLOADING = "uploading pictures"

#: By the suffix of the manifest's key.
_CONTENT_TYPES = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def submit(request: SubmitRequest, context: SubmitContext) -> Submitted:
    """Read the manifest and enter it as a job."""
    with prepare(request, context) as prepared:
        return enter(prepared, context)


def submit_scheduled(schedule: Schedule, job_id: str, context: SubmitContext) -> None:
    """One run of a schedule: bad rows become failed items, as no person can be asked."""
    order = schedule.order
    request = SubmitRequest(
        address=schedule.catalog,
        order=replace(order, name=order.name or schedule.name),
        skip_bad_rows=True,
        job_id=job_id,
        confined=True,
    )
    submit(request, context)


def enter(prepared: Prepared, context: SubmitContext) -> Submitted:
    """Store images, manifest and rows, then write job and items in one transaction.

    Repeated at any point, with the same job id too, this is harmless: everything is created once.
    """
    uploaded = 0
    for done, new in enumerate(upload(prepared.images, context.store), start=1):
        uploaded += new
        context.progress(UPLOADING, done, prepared.survey.images)
    for _ in remember(prepared, context.store):
        pass
    _put_rows(prepared, context.store)
    job_id = prepared.job.id
    return Submitted(job_id=job_id, new=_added(prepared, context), uploaded=uploaded, survey=prepared.survey)


def _put_rows(prepared: Prepared, store: ObjectStore) -> None:
    """The manifest as it is, and its rows as understood, at the same time."""
    job = prepared.job
    kind = _CONTENT_TYPES[job.manifest_key.rpartition(".")[2]]
    with prepared.catalog.open("rb") as file, prepared.rows.reader() as rows:
        files = ((job.manifest_key, file, kind), (job_key(job.id, ROWS), rows, CONTENT_TYPE))
        for _ in _at_a_time(store.put_new, files):
            pass


def upload(images: CheckedImages, store: ObjectStore) -> Iterator[bool]:
    """Put every image under its hash, several at a time; yields whether each was new to the store.

    Interrupted and started again, it goes on where it was: what is there is not sent twice.
    """

    def send(name: str, sha256: str, content_type: str) -> bool:
        key = input_key(sha256)
        if store.stat(key):
            return False
        try:
            data = images.read(name)
        except Rejected:
            data = b""  # before, there were some
        if hashlib.sha256(data).hexdigest() != sha256:
            raise UsageError(
                f"the picture {quoted(name, LENGTH)} changed while it was being submitted",
                hint="submit again",
            )
        return store.put_new(key, data, content_type)

    return _at_a_time(send, images.usable())


def remember(prepared: Prepared, store: ObjectStore) -> Iterator[None]:
    """Store what the next submission needs to ask the web only for images that have changed."""

    def put(address: str, record: bytes) -> None:
        store.put(fetched_key(address), record, "application/json")

    records = ((address, prepared.fetched.record(address)) for address in prepared.images.usable_on_web())
    return _at_a_time(put, ((address, record) for address, record in records if record))


def _at_a_time(send: Callable[[*_Arguments], _Sent], things: Iterable[tuple[*_Arguments]]) -> Iterator[_Sent]:
    """The outcome of each, several at a time; few are waiting, however many there are."""
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="upload") as pool:
        sending: deque[Future[_Sent]] = deque()
        for thing in things:
            sending.append(pool.submit(send, *thing))
            if len(sending) >= AT_A_TIME * 2:
                yield sending.popleft().result()
        while sending:
            yield sending.popleft().result()


def _added(prepared: Prepared, context: SubmitContext) -> bool:
    # If only the answer was lost, the job is there and is not added again; that of a new submit would be.
    # However long the first attempt took.
    for attempt in stamina.retry_context(on=LedgerUnavailable, attempts=2, timeout=None):
        with attempt:
            return context.intake.add_job(prepared.job, prepared.items)
    raise AssertionError("the last attempt returns or raises")
