"""What people do to a job: each is one statement in the ledger and acts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Conflict
from qie_batch.model import JobState

if TYPE_CHECKING:
    from qie_batch.interfaces import Jobs


def retry(jobs: Jobs, job_id: str, code: str | None = None) -> int:
    """Make failed items (of that error code) pending again; says how many. NotFound without such a job."""
    jobs.get(job_id)
    return jobs.retry(job_id, code)


def cancel(jobs: Jobs, job_id: str) -> int:
    """Cancel every item that is not final; says how many. NotFound without such a job."""
    jobs.get(job_id)
    return jobs.cancel(job_id)


def pause(jobs: Jobs, job_id: str) -> None:
    """Start nothing new of the job. NotFound; Conflict unless the job is open."""
    state = jobs.get(job_id).state
    if not jobs.pause(job_id, "user"):
        raise Conflict(
            f"job {job_id} is {state}, so it cannot be paused",
            code="job_not_open",
            hint="only an open job can",
            subject=job_id,
        )


def resume(jobs: Jobs, job_id: str, budget_micros: int | None = None) -> None:
    """Go on with a paused job, within another budget where one is given. NotFound; Conflict.

    A job whose budget is used up needs another one.
    """
    job = jobs.get(job_id)
    if job.pause_reason == "budget" and budget_micros is None:
        raise Conflict(
            f"job {job_id} was paused because its budget is used up",
            code="budget_used_up",
            hint="give it a larger one, which counts from the job's beginning",
            subject=job_id,
        )
    if not jobs.resume(job_id, budget_micros):
        raise Conflict(
            f"job {job_id} is {job.state}, so it cannot be resumed",
            code="job_not_paused",
            hint="only a paused job can",
            subject=job_id,
        )


def set_budget(jobs: Jobs, job_id: str, budget_micros: int | None) -> None:
    """Limit what the job may cost in all, None for no limit. NotFound; Conflict once it is closed."""
    state = jobs.get(job_id).state
    if state is JobState.CLOSED or not jobs.set_budget(job_id, budget_micros):
        raise Conflict(f"job {job_id} is closed, and spends nothing", code="job_closed", subject=job_id)
