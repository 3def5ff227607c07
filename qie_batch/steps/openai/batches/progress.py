"""How far a batch is: nothing of it is stored beside the job's own state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qie_batch.model import BatchState, JobState, RequestCounts

if TYPE_CHECKING:
    from qie_batch.interfaces import Batches, Jobs
    from qie_batch.model import Batch

Status = Literal["validating", "failed", "in_progress", "finalizing", "completed", "cancelling", "cancelled"]
#: After these, the files of results change no more.
ENDED = frozenset(("completed", "cancelled"))


#: Before the file was read.
NOTHING = RequestCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    status: Status
    counts: RequestCounts = NOTHING
    #: When the job was entered and closed.
    entered_at: float | None = None
    closed_at: float | None = None

    @property
    def has_output(self) -> bool:
        return self.status in ENDED and self.counts.completed > 0

    @property
    def has_errors(self) -> bool:
        return self.status in ENDED and self.counts.failed > 0


def batch_progress(batch: Batch, *, batches: Batches, jobs: Jobs) -> BatchProgress:
    if batch.state is not BatchState.ENTERED:
        return BatchProgress(status=_before(batch))
    job = jobs.get(batch.job_id)
    counts = batches.counts(batch.job_id)
    return BatchProgress(
        status=_status(batch, counts, is_closed=job.state is JobState.CLOSED),
        counts=counts,
        entered_at=job.created_at,
        closed_at=job.closed_at,
    )


def _before(batch: Batch) -> Status:
    if batch.state is BatchState.FAILED:
        return "failed"
    if batch.state is BatchState.CANCELLED:
        return "cancelled"
    return "cancelling" if batch.cancelled_at else "validating"


def _status(batch: Batch, counts: RequestCounts, *, is_closed: bool) -> Status:
    if batch.cancelled_at and (counts.cancelled or not is_closed):
        return "cancelled" if counts.is_final else "cancelling"
    if is_closed:
        return "completed"
    return "finalizing" if counts.is_final else "in_progress"
