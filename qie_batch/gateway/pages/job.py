"""The page of a job: how far it is, what it costs, what failed, and its images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from fastapi.responses import Response

from qie_batch.gateway.jobs.addresses import addresses
from qie_batch.gateway.jobs.changing import Code
from qie_batch.gateway.jobs.reading import JobId, progress_of
from qie_batch.gateway.pages.paging import Pages
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.model import Item, ItemSelection, ItemState, Progress, may_pass
from qie_batch.views import ItemView, item_view, job_view, timing_view

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger

router = page_router()

#: Pairs of images on a page, rows listed for a reason, and reasons that are listed with rows.
CARDS, ROWS, REASONS = 24, 5, 20
#: Pixels on the longer side of an image among others.
SMALL = 480

Shown = Literal["", "succeeded", "needs_review", "rejected", "failed", "cancelled", "running"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    code: str
    number: int
    #: Whether the same edit may succeed another time.
    passing: bool
    #: False for rows that were never understood, which no retry changes.
    repeatable: bool
    #: The first that failed for it.
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    item: ItemView
    kind: str
    #: Of the page that compares.
    address: str
    #: Addresses of thumbnails, "" where there is no image.
    before: str
    after: str


@router.get("/jobs/{job_id}")
def job(visit: Reading, job_id: JobId, show: Shown = "", code: Code = "", page: int = 1) -> Response:
    progress = progress_of(job_id, visit.subject, visit.context)
    total = _number(progress, show, code)
    pages = Pages.of(total, CARDS, page, f"/jobs/{job_id}", show=show, code=code, fragment="#pairs")
    return visit.show(
        "job",
        job=job_view(progress),
        created_at=progress.job.created_at,
        order=progress.job.order,
        kinds=kinds(progress),
        timing=timing_view(visit.ledger.costs.timing(job_id)),
        links={
            "zip": f"/api/jobs/{job_id}/results.zip",
            "results": f"/api/jobs/{job_id}/results.csv",
            "errors": f"/api/jobs/{job_id}/errors.csv",
        },
        reasons=_reasons(visit.ledger, progress),
        cards=[
            _card(item, show, code)
            for item in _page_of_items(visit.ledger, job_id, show, code, (pages.number - 1) * CARDS)
        ],
        shown=show,
        pages=pages,
    )


def kinds(progress: Progress) -> dict[str, int]:
    """How many items there are of each kind that people tell apart."""
    counts = progress.counts
    return {
        "edited": counts[ItemState.SUCCEEDED] - progress.cached,
        "cached": progress.cached,
        "needs_review": counts[ItemState.NEEDS_REVIEW],
        "rejected": counts[ItemState.REJECTED],
        "failed": counts[ItemState.FAILED],
        "cancelled": counts[ItemState.CANCELLED],
        "running": counts[ItemState.RUNNING],
        "waiting": counts[ItemState.PENDING] + counts[ItemState.QUEUED],
    }


def kind_of(item: Item) -> str:
    if item.state is ItemState.SUCCEEDED:
        return "cached" if item.cached else "edited"
    return str(item.state)


def selection(show: str, code: str, *, after: int = -1, page: int = 1000) -> ItemSelection:
    states = frozenset({ItemState(show)}) if show else frozenset()
    return ItemSelection(states=states, code=code, after=after, page=page)


def _number(progress: Progress, show: str, code: str) -> int:
    if code:
        return progress.failures.get(code, 0)
    return progress.counts[ItemState(show)] if show else progress.total


def _page_of_items(ledger: SqlLedger, job_id: str, show: str, code: str, start: int) -> list[Item]:
    """Without a condition the ordinals are those of the page; with one, the items before are read too."""
    if not (show or code):
        return list(islice(ledger.jobs.items(job_id, selection("", "", after=start - 1, page=CARDS)), CARDS))
    page = CARDS if start == 0 else 1000
    return list(islice(ledger.jobs.items(job_id, selection(show, code, page=page)), start, start + CARDS))


def _reasons(ledger: SqlLedger, progress: Progress) -> list[Reason]:
    """The commonest first."""
    common = sorted(progress.failures.items(), key=lambda pair: (-pair[1], pair[0]))
    reasons = []
    for place, (code, number) in enumerate(common):
        failed = ledger.jobs.items(progress.job.id, selection("failed", code, page=ROWS))
        first = list(islice(failed, ROWS)) if place < REASONS else []
        reasons.append(
            Reason(
                code=code,
                number=number,
                passing=may_pass(code),
                repeatable=any(item.spec for item in first) or not first,
                items=tuple(map(item_view, first)),
            )
        )
    return reasons


def _card(item: Item, show: str, code: str) -> Card:
    query = urlencode({name: value for name, value in (("show", show), ("code", code)) if value})
    before, after = addresses(item, side=SMALL)
    return Card(
        item=item_view(item),
        kind=kind_of(item),
        address=f"/jobs/{item.job_id}/items/{item.id}{'?' if query else ''}{query}",
        before=before,
        after=after,
    )
