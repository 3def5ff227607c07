"""The page on which people decide about the results of a job."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from qie_batch import wiring
from qie_batch.gateway.access import Scope
from qie_batch.gateway.jobs.reading import NO_NUL, JobId
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.model import Show
from qie_batch.report.viewer import Head

router = page_router()


@router.get("/jobs/{job_id}/review")
def review(
    visit: Reading,
    job_id: JobId,
    show: Show = Show.WAITING,
    gate: Annotated[str, Query(max_length=64, pattern=NO_NUL)] = "",
    sample: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Response:
    """The viewer reads the results themselves from the API, page by page."""
    job = visit.ledger.jobs.get(job_id)
    head = Head(
        job=job.id,
        name=job.order.name,
        gates=wiring.gate_names(),
        language=visit.language.code,
        reviewer=visit.subject.name,
        source={
            "reviews": f"/api/jobs/{job.id}/reviews",
            "items": f"/api/jobs/{job.id}/items/",
            "back": f"/jobs/{job.id}",
            "may": visit.subject.may(Scope.REVIEW),
        },
        show=show,
        gate=gate,
        sample=sample,
    )
    return visit.show("review", job_name=job.order.name, back=f"/jobs/{job.id}", head=head.json())
