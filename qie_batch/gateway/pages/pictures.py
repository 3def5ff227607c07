"""Pictures of items: as they are, and small for a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from fastapi.responses import Response

from qie_batch import wiring
from qie_batch.errors import NotFound
from qie_batch.gateway.jobs.reading import ItemId, JobId, item_of
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.keys import input_key

if TYPE_CHECKING:
    from qie_batch.model import Item

router = page_router()

#: Pixels on the longer side of a small one.
SMALL_SIDE = 480
#: An address names the content, so that a browser need not ask again.
_KEPT = "private, max-age=604800, immutable"
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}

Side = Literal["before", "after"]


@router.get("/jobs/{job_id}/items/{item_id}/{side}")
def picture(visit: Reading, job_id: JobId, item_id: ItemId, side: Side, small: bool = False) -> Response:  # noqa: FBT001, FBT002 - of the query
    """NotFound, too, where the item has no such picture."""
    item = item_of(job_id, item_id, visit.subject, visit.context)
    key = _keys(item)[side]
    if not key:
        raise NotFound(f"the item {item_id} has no picture {side}", subject=item_id)
    data = visit.context.store.get(key)
    media_type = next((kind for magic, kind in _TYPES.items() if data.startswith(magic)), "")
    if small:
        limits = replace(wiring.limits(visit.context.settings), max_bytes=len(data))
        data = visit.context.decoders.thumbnail_jpeg(data, SMALL_SIDE, limits)
        media_type = "image/jpeg"
    headers = {"Cache-Control": _KEPT, "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=media_type or "application/octet-stream", headers=headers)


def addresses(item: Item, *, small: bool) -> tuple[str, str]:
    """Of the pictures before and after, "" for one that there is not."""
    start = f"/jobs/{item.job_id}/items/{item.id}"
    query = "small=1&" if small else ""
    before, after = (
        f"{start}/{side}?{query}v={key.rpartition('/')[2][:12]}" if key else ""
        for side, key in _keys(item).items()
    )
    return before, after


def _keys(item: Item) -> dict[str, str]:
    return {
        "before": input_key(item.spec.inputs[0]) if item.spec else "",
        "after": item.result.object_key if item.result else "",
    }
