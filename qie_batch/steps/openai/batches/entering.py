"""The file of a batch is read, and becomes a job."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.model import UNLOOKED, BatchFault, JobOrder, RowDefaults
from qie_batch.steps.known_engines import model_named
from qie_batch.steps.openai.batches.lines import read_lines
from qie_batch.steps.openai.body_manifest import READING, BodyManifest
from qie_batch.steps.submit import SubmitRequest, submit

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Batches, Files, Jobs, ObjectStore
    from qie_batch.model import Batch
    from qie_batch.steps.openai.edit_body import EditBody
    from qie_batch.steps.submit import SubmitContext

#: Kept of one file; beyond them people read no more.
MAX_FAULTS = 100
LEASE_SECONDS = 60.0
RENEW_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchContext:
    #: Of all tenants.
    batches: Batches
    jobs: Jobs
    #: Of one tenant.
    files: Callable[[str], Files]
    store: ObjectStore
    submitting: SubmitContext
    #: Whether this process is to exit: another one reads the file once the lease is over.
    is_stopping: Callable[[], bool] = lambda: False


def enter_batches(context: BatchContext) -> int:
    """Read every batch that waits for it; says how many. Several processes may do so at a time."""
    read = 0
    while not context.is_stopping() and (batch := context.batches.take(LEASE_SECONDS)):
        if not context.batches.end_reading(batch.id, _enter(batch, context)):
            context.jobs.cancel(batch.job_id)
        read += 1
    return read


def _enter(batch: Batch, context: BatchContext) -> list[BatchFault]:
    """What is wrong with the file; the job is in the ledger where that is nothing.

    What is wrong with an image or a prompt is an item's failure instead.
    """
    try:
        file = context.files(batch.owner).get(batch.file_id)
        with tempfile.TemporaryDirectory(prefix="qie-batch-") as folder, tempfile.TemporaryFile() as lines:
            context.store.download(file.object_key, cast("BinaryIO", lines))
            lines.seek(0)
            with BodyManifest(Path(folder), Path(file.name).stem or "batch") as manifest:
                order, faults = _manifest(batch, cast("BinaryIO", lines), manifest, context)
            if not faults:
                _submit(batch, replace(order, name=file.name), manifest, context)
    except (UsageError, Rejected) as error:
        return [BatchFault(code=error.code, message=" ".join(error.sentences))]
    return faults


def _manifest(
    batch: Batch, lines: BinaryIO, manifest: BodyManifest, context: BatchContext
) -> tuple[JobOrder, list[BatchFault]]:
    files = context.files(batch.owner)
    faults: list[BatchFault] = []
    first: EditBody | None = None
    for line in read_lines(lines, lambda file_id: context.store.address(files.get(file_id).object_key)):
        if isinstance(line, BatchFault):
            faults.append(line)
        elif first and (wrong := _differs(line.body, first)):
            message = f"{wrong} is another one than in the lines before: make a batch of each"
            faults.append(BatchFault(line=line.line, code="mixed_parameters", message=message, param=wrong))
        elif not faults:
            first = first or line.body
            manifest.add(line.custom_id, line.body)
        if len(faults) >= MAX_FAULTS:
            break
    if faults or first is None:
        return JobOrder(), faults
    engine = model_named(first.model, context.submitting.engines)
    defaults = RowDefaults(quality=first.quality, checks=UNLOOKED)
    return JobOrder(owner=batch.owner, engine=engine, reading=READING, defaults=defaults), []


def _differs(body: EditBody, first: EditBody) -> str:
    """The parameter that one job has one value of."""
    if body.model != first.model:
        return "model"
    return "output_compression" if body.quality != first.quality else ""


def _submit(batch: Batch, order: JobOrder, manifest: BodyManifest, context: BatchContext) -> None:
    renewed = time.monotonic()

    def renew(*_: object) -> None:
        nonlocal renewed
        if context.is_stopping():
            raise Unavailable("this process exits before the batch is read", code="stopping")
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            context.batches.renew(batch.id, LEASE_SECONDS)

    request = SubmitRequest(
        address=str(manifest.path), order=order, skip_bad_rows=True, job_id=batch.job_id, confined=True
    )
    submit(request, replace(context.submitting, progress=renew))
