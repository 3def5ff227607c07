"""What a job made: a ZIP file, tables, single images."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from qie_batch import views, wiring
from qie_batch.errors import NotFound, Rejected
from qie_batch.gateway.access import JobsReader
from qie_batch.gateway.context import Context
from qie_batch.gateway.jobs.reading import NO_NUL, ItemId, JobId, item_of
from qie_batch.keys import job_key
from qie_batch.model import Item, Priority
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.steps.results import images as item_images
from qie_batch.steps.results.archive import result_archive
from qie_batch.steps.results.images import Which
from qie_batch.steps.results.table import result_table
from qie_batch.steps.settle import REPORT

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["results"])

#: No browser guesses another type, nor runs what an image or a report may hold.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
}
#: Bytes under one hash never change, and are one tenant's.
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_IMAGES = {"content": {f"image/{kind}": _BINARY for kind in ("png", "jpeg", "webp")}}


@router.get(
    "/results.zip",
    name="archive",
    response_class=Response,
    responses={200: {"content": {"application/zip": _BINARY}}},
)
def results_zip(
    job_id: JobId,
    subject: JobsReader,
    context: Context,
    name_template: Annotated[
        str,
        Query(max_length=500, pattern=NO_NUL, description="{id}, {variant}, {stem}, {folder}, or a column."),
    ] = DEFAULT_TEMPLATE,
    xlsx: Annotated[bool, Query(description="results.xlsx and errors.xlsx, too.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The images that succeeded, with results.csv, errors.csv and the report."""
    ledger = subject.ledger(context)
    job = ledger.jobs.get(job_id)
    parts = result_archive(
        job,
        name_template,
        jobs=ledger.jobs,
        store=context.store,
        workbooks=xlsx,
        gates=wiring.gate_names(),
    )
    return _streamed(parts, "application/zip", f"{job_id}.zip")


@router.get("/{table}.csv", response_class=Response, responses={200: {"content": {"text/csv": _BINARY}}})
def table(
    job_id: JobId,
    table: Literal["results", "errors"],
    request: Request,
    subject: JobsReader,
    context: Context,
) -> Response:
    """Each row with what became of it; or the failed rows, as a catalog to mend and send again."""
    ledger = subject.ledger(context)
    job = ledger.jobs.get(job_id)
    base = context.settings.gateway_url or str(request.base_url)

    def address(item: Item) -> str:
        return f"{base.rstrip('/')}/api/jobs/{job_id}/items/{item.id}/image" if item.result else ""

    gates = wiring.gate_names()
    parts = result_table(job, table, address, jobs=ledger.jobs, store=context.store, gates=gates)
    return _streamed(parts, "text/csv; charset=utf-8", f"{job_id}-{table}.csv")


@router.get("/report.html", response_class=Response, responses={200: {"content": {"text/html": _BINARY}}})
def report(job_id: JobId, subject: JobsReader, context: Context) -> Response:
    """The report with the first pairs of images, once the job is closed."""
    job = subject.ledger(context).jobs.get(job_id)
    if job.order.priority is Priority.INTERACTIVE:
        raise NotFound(
            f"job {job_id} is one edit that a client waited for: there is no report of it",
            code="report_missing",
            hint="results.csv and results.zip have what was made",
        )
    try:
        page = context.store.get(job_key(job_id, REPORT))
    except Rejected:
        raise NotFound(
            f"job {job_id} has no report yet", code="report_missing", hint="wait until the job is closed"
        ) from None
    return Response(page, media_type="text/html; charset=utf-8", headers=SAFE)


@router.get("/items/{item_id}/image", response_class=Response, responses={200: _IMAGES, 304: {}})
def image(
    job_id: JobId,
    item_id: ItemId,
    subject: JobsReader,
    context: Context,
    of: Which = "after",
    side: Annotated[int | None, Query(ge=16, le=1024, description="A small JPEG of so many pixels.")] = None,
    if_none_match: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """The result, or the image as it was before."""
    item = item_of(job_id, item_id, subject, context)
    stored = item_images.image_of(item, of)
    tag = f'"{stored.sha256}-{side or 0}"'
    headers = {"ETag": tag, **KEPT, **SAFE}
    if tag in if_none_match:
        return Response(status_code=304, headers=headers)
    if side:
        shown = item_images.preview(stored, side, context.store, context.decoders, context.limits)
    else:
        shown = item_images.shown(stored, context.store)
    name = item_images.download_name(item, shown.content_type)
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    return Response(shown.data, media_type=shown.content_type, headers=headers)


@router.get("/items/{item_id}/link")
def link(
    job_id: JobId, item_id: ItemId, subject: JobsReader, context: Context, of: Which = "after"
) -> views.LinkView:
    """An address of the object store that gives the image for an hour, to anybody who has it."""
    item = item_of(job_id, item_id, subject, context)
    stored = item_images.image_of(item, of)
    kind = item_images.shown(stored, context.store).content_type
    name = item_images.download_name(item, kind)
    seconds = item_images.LINK_SECONDS
    url = context.store.link(stored.key, seconds, content_type=kind, name=name)
    return views.LinkView(url=url, seconds=seconds)


def _streamed(parts: Iterator[bytes], media_type: str, name: str) -> Response:
    """Whatever is wrong with the request shows before the first part."""
    first = next(parts, b"")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **SAFE}
    return StreamingResponse(chain((first,), parts), media_type=media_type, headers=headers)
