"""The list of jobs, and the latest of them on the first page."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response

from qie_batch.gateway.jobs.reading import progress_of
from qie_batch.gateway.pages.routing import Reading, Visit, page_router
from qie_batch.local.sample import examples_folder, sample_files
from qie_batch.model import JobSelection, JobState
from qie_batch.views import job_view

router = page_router()

Before = Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{0,64}$")]

#: Jobs of a page of the list, and of the first page.
SHOWN, LATEST = 20, 6
#: A day of a ZIP entry, for the same bytes whenever it is made.
LONG_AGO = (2020, 1, 1, 0, 0, 0)


@router.get("/")
def home(visit: Reading) -> Response:
    """A place to drop a catalog, and the latest jobs."""
    return visit.show("home", **_listed(visit, JobSelection(limit=LATEST)))


@router.get("/jobs")
def jobs(
    visit: Reading, state: Literal["", "open", "paused", "closed"] = "", before: Before = ""
) -> Response:
    states = frozenset({JobState(state)}) if state else frozenset()
    found = _listed(visit, JobSelection(limit=SHOWN + 1, before=before, states=states))
    more = found["jobs"][SHOWN:]
    found["jobs"] = found["jobs"][:SHOWN]
    return visit.show(
        "jobs", chosen=state, older=found["jobs"][-1].job if more else "", before=before, **found
    )


@router.get("/example.zip")
def example(visit: Reading) -> Response:  # noqa: ARG001 - for those who may use it
    """The sample catalog with its images, to be dropped on the page."""
    file, folder = io.BytesIO(), examples_folder()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sample_files():
            archive.writestr(
                zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO), path.read_bytes()
            )
    headers = {"Content-Disposition": 'attachment; filename="qie-batch-example.zip"'}
    return Response(file.getvalue(), media_type="application/zip", headers=headers)


def _listed(visit: Visit, wanted: JobSelection) -> dict[str, Any]:
    found = visit.ledger.jobs.latest(wanted)
    return {
        "jobs": [job_view(progress_of(job.id, visit.subject, visit.context)) for job in found],
        "created": {job.id: job.created_at for job in found},
    }
