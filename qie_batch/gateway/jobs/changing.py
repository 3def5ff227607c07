"""Jobs are paused, resumed, cancelled, retried, and get another budget."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from qie_batch import views
from qie_batch.gateway.access import JobsWriter, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.jobs.options import Cell
from qie_batch.gateway.jobs.reading import NO_NUL, JobId, progress_of
from qie_batch.steps import change
from qie_batch.steps.orders import budget_micros

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["jobs"])

Budget = Annotated[Cell | None, Body(embed=True, description="USD from the job's beginning, such as 2.50.")]
Code = Annotated[str, Query(max_length=64, pattern=NO_NUL, description="Only what failed with this code.")]


@router.post("/retry")
def retry(job_id: JobId, subject: JobsWriter, context: Context, code: Code = "") -> views.ChangedView:
    """Make failed items pending again; rows that never were understood stay failed."""
    number = change.retry(subject.ledger(context).jobs, job_id, code or None)
    return views.ChangedView(items=number, job=_now(job_id, subject, context))


@router.post("/cancel")
def cancel(job_id: JobId, subject: JobsWriter, context: Context) -> views.ChangedView:
    """Cancel what is not finished; a running edit stops at its next step."""
    number = change.cancel(subject.ledger(context).jobs, job_id)
    return views.ChangedView(items=number, job=_now(job_id, subject, context))


@router.post("/pause")
def pause(job_id: JobId, subject: JobsWriter, context: Context) -> views.JobView:
    """Start nothing new; what runs is finished."""
    change.pause(subject.ledger(context).jobs, job_id)
    return _now(job_id, subject, context)


@router.post("/resume")
def resume(job_id: JobId, subject: JobsWriter, context: Context, budget_usd: Budget = None) -> views.JobView:
    """Go on with a paused job, within another budget where the old one is used up."""
    micros = budget_micros(budget_usd, lambda _: "budget_usd")
    change.resume(subject.ledger(context).jobs, job_id, micros)
    return _now(job_id, subject, context)


@router.put("/budget")
def budget(job_id: JobId, subject: JobsWriter, context: Context, budget_usd: Budget = None) -> views.JobView:
    """Limit what the job may cost, or with null no longer."""
    micros = budget_micros(budget_usd, lambda _: "budget_usd")
    change.set_budget(subject.ledger(context).jobs, job_id, micros)
    return _now(job_id, subject, context)


def _now(job_id: str, subject: Subject, context: GatewayContext) -> views.JobView:
    context.progress.forget(job_id)
    return views.job_view(progress_of(job_id, subject, context))
