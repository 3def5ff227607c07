"""Jobs and items as they are."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from qie_batch import views
from qie_batch.errors import NotFound
from qie_batch.gateway.access import JobsReader, Subject
from qie_batch.gateway.context import Context, GatewayContext, context_of
from qie_batch.gateway.sharing import ReadProgress
from qie_batch.model import Item, ItemSelection, ItemState, JobSelection, JobState, Progress

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

#: No id of a job or an item has other characters.
JobId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
ItemId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,80}$")]
#: No text of the ledger has a NUL character, which PostgreSQL refuses.
NO_NUL = r"^[^\x00]*$"


def progress_of(job_id: str, subject: Subject, context: GatewayContext) -> Progress:
    """At most a second old. NotFound."""
    return _read(job_id, subject, context).progress


def _read(job_id: str, subject: Subject, context: GatewayContext) -> ReadProgress:
    return context.progress.of(job_id, subject.ledger(context).costs, _owner(subject))


def _owner(subject: Subject) -> str | None:
    """As `Subject.ledger`: None for all owners."""
    return None if subject.is_admin else subject.tenant


def item_of(job_id: str, item_id: str, subject: Subject, context: GatewayContext) -> Item:
    """NotFound."""
    jobs = subject.ledger(context).jobs
    jobs.get(job_id)
    found = next(jobs.items(job_id, ItemSelection(id=item_id, page=1)), None)
    if found is None:
        raise NotFound(f"job {job_id} has no item {item_id!r}", code="item_unknown", subject=item_id)
    return found


@router.get("", name="list")
def jobs(
    subject: JobsReader,
    context: Context,
    state: Annotated[list[JobState] | None, Query(description="Any of these.")] = None,
    before: Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> views.JobsView:
    """The latest jobs, page by page."""
    wanted = JobSelection(limit=limit, before=before, states=frozenset(state or ()))
    found = subject.ledger(context).jobs.latest(wanted)
    shown = tuple(views.job_view(progress_of(job.id, subject, context)) for job in found)
    return views.JobsView(jobs=shown, next=found[-1].id if len(found) == limit else "")


@router.get("/{job_id}", name="get", response_model=views.JobView)
async def job(job_id: JobId, subject: JobsReader, request: Request) -> Response:
    """How far the job is."""
    # What programs ask most: no further dependency, and for what is known no thread and no second rendering.
    context = await context_of(request)
    read = context.progress.known(job_id, _owner(subject))
    if read is None:
        read = await to_thread.run_sync(_read, job_id, subject, context)
    return Response(read.json, media_type="application/json")


@router.get("/{job_id}/items", name="list_items")
def items(  # noqa: PLR0913 - each is a field of the query
    job_id: JobId,
    subject: JobsReader,
    context: Context,
    *,
    state: Annotated[list[ItemState] | None, Query(description="Any of these.")] = None,
    code: Annotated[str, Query(max_length=64, pattern=NO_NUL, description="Failed with this code.")] = "",
    row_id: Annotated[str, Query(max_length=1000, pattern=NO_NUL, description="Of this row.")] = "",
    after: Annotated[int, Query(ge=-1, le=2**31 - 1)] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> views.ItemsView:
    """The job's items, page by page."""
    found = subject.ledger(context).jobs
    found.get(job_id)
    wanted = ItemSelection(after=after, states=frozenset(state or ()), code=code, row_id=row_id, page=limit)
    page = list(islice(found.items(job_id, wanted), limit))
    return views.ItemsView(
        items=tuple(map(views.item_view, page)), next=page[-1].ordinal if len(page) == limit else None
    )


@router.get("/{job_id}/items/{item_id}", name="get_item")
def item(job_id: JobId, item_id: ItemId, subject: JobsReader, context: Context) -> views.ItemView:
    """One edit, and what became of it."""
    return views.item_view(item_of(job_id, item_id, subject, context))
