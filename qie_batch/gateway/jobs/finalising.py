"""Approved drafts are made for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from qie_batch import views
from qie_batch.gateway.access import JobsReader, JobsWriter, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.jobs.reading import NO_NUL, JobId
from qie_batch.steps.finalise import FinaliseContext, FinaliseRequest, finalise, savings

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["reviews"])

Preset = Annotated[
    str, Query(max_length=64, pattern=NO_NUL, description="That of the submission unless given.")
]


@router.post("/finalise", name="finalise")
def finalise_job(
    job_id: JobId, subject: JobsWriter, context: Context, preset: Preset = ""
) -> views.FinalisedView:
    """Make what is approved of a job of drafts at the final preset, in a job of its own."""
    made = finalise(FinaliseRequest(job_id=job_id, preset=preset), finalise_context(subject, context))
    return views.FinalisedView(job=made.job_id, items=made.items, savings=views.savings_view(made.savings))


@router.get("/savings", name="savings")
def savings_of(
    job_id: JobId, subject: JobsReader, context: Context, preset: Preset = ""
) -> views.SavingsView:
    """What drafts and final results cost, beside all of them at the final preset."""
    request = FinaliseRequest(job_id=job_id, preset=preset)
    return views.savings_view(savings(request, finalise_context(subject, context)))


def finalise_context(subject: Subject, context: GatewayContext) -> FinaliseContext:
    """Of what the subject may see."""
    ledger = subject.ledger(context)
    return FinaliseContext(
        jobs=ledger.jobs,
        intake=ledger.intake,
        costs=ledger.costs,
        store=context.store,
        engines=context.review.engines,
    )
