"""The offline sheet: results of a job in one HTML file, with the images in it."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import Conflict, Rejected
from qie_batch.keys import input_key
from qie_batch.report.viewer import Head, sheet
from qie_batch.steps.review import wanted
from qie_batch.views import review_item_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Jobs, ObjectReader, Reviews
    from qie_batch.model import Item, Review
    from qie_batch.steps.review import ReviewQuery
    from qie_batch.views import ReviewItemView

READERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContext:
    jobs: Jobs
    reviews: Reviews
    store: ObjectReader
    decoders: DecoderPool
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRequest:
    query: ReviewQuery
    #: Results at most.
    most: int
    #: Pixels of the longer side of each image at most.
    side: int
    #: "" asks on the sheet.
    reviewer: str = ""
    #: "en", "zh", or "" for that of the browser.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    #: Results on the sheet, and whether there are more.
    items: int
    is_all: bool
    #: The file in parts; images are read as the parts are.
    parts: Iterator[bytes]


def make_sheet(request: SheetRequest, context: SheetContext) -> Sheet:
    """The file. NotFound without such a job; Conflict where there is nothing to look at."""
    query = request.query
    job = context.jobs.get(query.job_id)
    found = list(islice(wanted(query, context.jobs), request.most + 1))
    items = found[: request.most]
    if not items:
        raise Conflict(
            f"job {job.id} has nothing like that to look at",
            code="nothing_to_review",
            hint="choose what to show",
            subject=job.id,
        )
    gates = {finding.gate for item in items if item.result for finding in item.result.findings}
    head = Head(
        job=job.id,
        name=job.order.name,
        gates=tuple(sorted(gates)),
        reviewer=request.reviewer,
        language=request.language,
        show=query.show,
    )
    views = _views(items, request.side, context)
    return Sheet(items=len(items), is_all=len(found) == len(items), parts=sheet(head, views))


def _views(items: list[Item], side: int, context: SheetContext) -> Iterator[ReviewItemView]:
    """In order; some are read ahead, and no more, since each holds two images."""
    with ThreadPoolExecutor(READERS, thread_name_prefix="sheet") as pool:
        rest = iter(items)
        while some := list(islice(rest, READERS)):
            ids = [item.id for item in some]
            latest = {each.item_id: each for each in context.reviews.latest(some[0].job_id, ids)}
            yield from pool.map(_viewer_of(latest, side, context), some)


def _viewer_of(
    latest: dict[str, Review], side: int, context: SheetContext
) -> Callable[[Item], ReviewItemView]:
    def view(item: Item) -> ReviewItemView:
        before = _address(input_key(item.spec.inputs[0]), side, context) if item.spec else ""
        after = _address(item.result.object_key, side, context) if item.result else ""
        return review_item_view(item, latest.get(item.id), before=before, after=after, small="")

    return view


def _address(key: str, side: int, context: SheetContext) -> str:
    """A data: URL; "" for an image that is gone or cannot be decoded."""
    try:
        data = context.store.get(key)
        limits = replace(context.limits, max_bytes=len(data))
        small = context.decoders.thumbnail_jpeg(data, side, limits)
    except Rejected:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
