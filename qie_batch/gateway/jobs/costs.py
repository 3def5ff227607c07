"""Money, by day, by row id or by engine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from qie_batch import views
from qie_batch.gateway.access import JobsReader
from qie_batch.gateway.context import Context
from qie_batch.gateway.jobs.reading import JobId
from qie_batch.interfaces.ledger import CostKey

router = APIRouter(prefix="/api", tags=["costs"])

Limit = Annotated[int, Query(ge=1, le=10_000, description="Lines; of many, those that cost most.")]


@router.get("/cost", name="of_all")
def cost(subject: JobsReader, context: Context, by: CostKey = "day", limit: Limit = 1000) -> views.CostsView:
    """Money spent, saved by the cache and lost to failed attempts, of all jobs."""
    return views.costs_view(subject.ledger(context).costs.lines(None, by), by, limit)


@router.get("/jobs/{job_id}/cost", name="of_job")
def job_cost(
    job_id: JobId, subject: JobsReader, context: Context, by: CostKey = "day", limit: Limit = 1000
) -> views.CostsView:
    """Money of one job."""
    ledger = subject.ledger(context)
    ledger.jobs.get(job_id)
    return views.costs_view(ledger.costs.lines(job_id, by), by, limit)
