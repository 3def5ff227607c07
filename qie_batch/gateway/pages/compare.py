"""One image before and after, large, with its neighbours at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi.responses import Response

from qie_batch.gateway.jobs.addresses import addresses
from qie_batch.gateway.jobs.changing import Code
from qie_batch.gateway.jobs.reading import ItemId, JobId, item_of
from qie_batch.gateway.pages.job import CARDS, Shown, kind_of, selection
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.views import finding_view, item_view

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Item

router = page_router()

#: Items read at a time on the way back through a selection.
NEAR = 50


@router.get("/jobs/{job_id}/items/{item_id}")
def compare(visit: Reading, job_id: JobId, item_id: ItemId, show: Shown = "", code: Code = "") -> Response:
    job = visit.ledger.jobs.get(job_id)
    item = item_of(job_id, item_id, visit.subject, visit.context)
    query = urlencode({name: value for name, value in (("show", show), ("code", code)) if value})
    following = next(visit.ledger.jobs.items(job_id, selection(show, code, after=item.ordinal, page=1)), None)
    before, after = addresses(item)
    return visit.show(
        "item",
        item=item_view(item),
        kind=kind_of(item),
        job_name=job.order.name,
        before=before,
        after=after,
        findings=tuple(map(finding_view, item.result.findings)) if item.result else (),
        latest=next(visit.ledger.reviews.latest(job_id, (item.id,)), None),
        review=f"/jobs/{job_id}/review?show=all#{item.id}",
        back=_back(item, query, show, code),
        previous=_address(_previous(visit.ledger, item, show, code), query),
        next=_address(following, query),
    )


def _previous(ledger: SqlLedger, item: Item, show: str, code: str) -> Item | None:
    """The last item of the selection before this one, looked for nearby first."""
    starts = (item.ordinal - NEAR - 1, -1) if show or code else (item.ordinal - 2,)
    for start in starts:
        found = None
        for each in ledger.jobs.items(item.job_id, selection(show, code, after=max(-1, start), page=NEAR)):
            if each.ordinal >= item.ordinal:
                break
            found = each
        if found:
            return found
    return None


def _back(item: Item, query: str, show: str, code: str) -> str:
    """The page of the job on which the item is, where that is known without counting."""
    page = item.ordinal // CARDS + 1 if not (show or code) else 1
    more = "&".join(filter(None, (query, f"page={page}" if page > 1 else "")))
    return f"/jobs/{item.job_id}{'?' if more else ''}{more}#item-{item.id}"


def _address(item: Item | None, query: str) -> str:
    return f"/jobs/{item.job_id}/items/{item.id}{'?' if query else ''}{query}" if item else ""
