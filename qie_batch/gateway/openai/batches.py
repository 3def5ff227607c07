"""Batches of edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query

from qie_batch.gateway.access import Editor, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.openai.files import outputs
from qie_batch.gateway.openai.shapes import (
    BatchAsked,
    BatchErrorItem,
    BatchErrors,
    BatchList,
    BatchObject,
    BatchRequestCounts,
)
from qie_batch.steps.openai.batches import add_batch, batch_progress, cancel_batch
from qie_batch.steps.openai.batches.outputs import output_id

if TYPE_CHECKING:
    from qie_batch.model import Batch, BatchFault

router = APIRouter()

BatchId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


@router.post("/batches")
def create_batch(asked: BatchAsked, subject: Editor, context: Context) -> BatchObject:
    """Edit what the lines of a file ask for. The window is not enforced: a batch ends when it is done."""
    own = context.ledger.owned_by(subject.tenant)
    batch = add_batch(
        asked.input_file_id, asked.metadata or {}, subject.tenant, files=own.files, batches=own.batches
    )
    return _shown(batch, subject, context)


@router.get("/batches")
def list_batches(
    subject: Editor,
    context: Context,
    after: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,80}$")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> BatchList:
    """Newest first."""
    batches = context.ledger.owned_by(subject.tenant).batches
    found = batches.latest(limit + 1, batches.get(after) if after else None)
    data = [_shown(batch, subject, context) for batch in found[:limit]]
    return BatchList(
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=len(found) > limit,
    )


@router.get("/batches/{batch_id}")
def get_batch(batch_id: BatchId, subject: Editor, context: Context) -> BatchObject:
    return _shown(context.ledger.owned_by(subject.tenant).batches.get(batch_id), subject, context)


@router.post("/batches/{batch_id}/cancel")
def cancel(batch_id: BatchId, subject: Editor, context: Context) -> BatchObject:
    """Make no more edits of it; those that are done can be read."""
    own = context.ledger.owned_by(subject.tenant)
    return _shown(cancel_batch(batch_id, batches=own.batches, jobs=own.jobs), subject, context)


def _shown(batch: Batch, subject: Subject, context: GatewayContext) -> BatchObject:
    own = outputs(subject, context)
    progress = batch_progress(batch, batches=own.batches, jobs=own.jobs)
    status, counts = progress.status, progress.counts
    asked, closed = _seconds(batch.cancelled_at), _seconds(progress.closed_at)
    return BatchObject(
        id=batch.id,
        input_file_id=batch.file_id,
        status=status,
        created_at=int(batch.created_at),
        in_progress_at=_seconds(progress.entered_at),
        finalizing_at=closed,
        completed_at=closed if status == "completed" else None,
        failed_at=int(batch.created_at) if status == "failed" else None,
        cancelling_at=asked,
        cancelled_at=asked if status == "cancelled" else None,
        errors=BatchErrors(data=[_error(fault) for fault in batch.faults]) if batch.faults else None,
        output_file_id=output_id(batch, of_errors=False) if progress.has_output else None,
        error_file_id=output_id(batch, of_errors=True) if progress.has_errors else None,
        request_counts=BatchRequestCounts(
            total=counts.total, completed=counts.completed, failed=counts.failed
        ),
        metadata=dict(batch.metadata) or None,
    )


def _error(fault: BatchFault) -> BatchErrorItem:
    return BatchErrorItem(code=fault.code, message=fault.message, line=fault.line, param=fault.param or None)


def _seconds(time: float | None) -> int | None:
    return None if time is None else int(time)
