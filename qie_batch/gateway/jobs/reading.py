"""Jobs and items as they are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from qie_batch import views
from qie_batch.gateway.access import JobsReader
from qie_batch.gateway.context import Context

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("/{job_id}")
def job(job_id: str, subject: JobsReader, context: Context) -> dict[str, Any]:
    """How far the job is."""
    return views.dumped(views.job_view(subject.ledger(context).costs.progress(job_id)))
