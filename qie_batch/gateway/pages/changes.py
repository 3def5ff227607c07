"""What people do to a job."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from fastapi.responses import Response

from qie_batch.gateway.jobs.finalising import finalise_context
from qie_batch.gateway.jobs.reading import JobId
from qie_batch.gateway.pages.routing import Visit, Writing, page_router, see_other
from qie_batch.steps import change
from qie_batch.steps.finalise import FinaliseRequest, finalise
from qie_batch.steps.orders import budget_micros

router = page_router()


@router.post("/jobs/{job_id}/retry")
def retry(visit: Writing, job_id: JobId, code: Annotated[str, Form()] = "") -> Response:
    change.retry(visit.ledger.jobs, job_id, code or None)
    return _changed(visit, job_id)


@router.post("/jobs/{job_id}/cancel")
def cancel(visit: Writing, job_id: JobId) -> Response:
    change.cancel(visit.ledger.jobs, job_id)
    return _changed(visit, job_id)


@router.post("/jobs/{job_id}/pause")
def pause(visit: Writing, job_id: JobId) -> Response:
    change.pause(visit.ledger.jobs, job_id)
    return _changed(visit, job_id)


@router.post("/jobs/{job_id}/resume")
def resume(visit: Writing, job_id: JobId, budget: Annotated[str, Form()] = "") -> Response:
    change.resume(visit.ledger.jobs, job_id, budget_micros(budget.strip() or None))
    return _changed(visit, job_id)


@router.post("/jobs/{job_id}/finalise")
def finalise_drafts(visit: Writing, job_id: JobId) -> Response:
    made = finalise(FinaliseRequest(job_id=job_id), finalise_context(visit.subject, visit.context))
    return see_other(f"/jobs/{made.job_id}")


def _changed(visit: Visit, job_id: str) -> Response:
    visit.context.progress.forget(job_id)
    return see_other(f"/jobs/{job_id}")
