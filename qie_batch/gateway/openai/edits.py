"""One edit through queue and worker, while its client waits."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Annotated

import anyio
from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from qie_batch.gateway.access import Editor, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.openai.requests import DESCRIBED, RawEdit, raw_edit
from qie_batch.gateway.openai.shapes import ImageData, ImagesResponse
from qie_batch.steps.openai import interactive
from qie_batch.steps.openai.edit_body import read_body
from qie_batch.steps.openai.interactive import InteractiveContext, InteractiveEdit
from qie_batch.tracing import traceparent_of

if TYPE_CHECKING:
    from qie_batch.model import Item
    from qie_batch.steps.openai.interactive import EditAnswer, EnteredEdit

router = APIRouter()

#: What logs call a request whose client did not wait for the answer.
CLOSED = 499


@router.post(
    "/images/edits",
    openapi_extra=DESCRIBED,
    response_model=ImagesResponse,
    response_model_exclude_none=True,
)
async def edit_image(
    request: Request,
    subject: Editor,
    context: Context,
    idempotency_key: Annotated[str, Header(max_length=255)] = "",
) -> ImagesResponse | Response:
    """Edit one image. Equal requests within ten minutes are one edit, as are those of one Idempotency-Key."""
    raw = await raw_edit(request, context.settings.gateway_max_image_bytes)
    working = _working(subject, context)
    edit = await run_in_threadpool(_asked, raw, subject, context, idempotency_key, request)
    entered = await run_in_threadpool(interactive.enter, edit, working)
    gone = False
    try:
        items = await _finished(request, entered, working, context.settings.gateway_edit_seconds)
        gone = not items
    finally:
        await _leave(entered, working, gone=gone)
    if gone:
        return Response(status_code=CLOSED)
    answer = await run_in_threadpool(interactive.answer, items, working, time.time(), links=edit.body.links)
    return await run_in_threadpool(_response, answer)


def _working(subject: Subject, context: GatewayContext) -> InteractiveContext:
    own = context.ledger.owned_by(subject.tenant)
    return InteractiveContext(
        submitting=context.submit,
        dispatching=context.dispatch,
        requests=own.requests,
        jobs=own.jobs,
        store=context.store,
    )


def _asked(
    raw: RawEdit, subject: Subject, context: GatewayContext, idempotency_key: str, request: Request
) -> InteractiveEdit:
    files = context.ledger.owned_by(subject.tenant).files
    body = read_body(
        raw.fields, raw.files, lambda file_id: context.store.address(files.get(file_id).object_key)
    )
    return InteractiveEdit(
        body=body,
        owner=subject.tenant,
        idempotency_key=idempotency_key,
        request_id=_id_of(request),
        traceparent=traceparent_of(request.headers),
    )


async def _finished(
    request: Request, entered: EnteredEdit, working: InteractiveContext, seconds: float
) -> tuple[Item, ...]:
    """The final items, or none for a client that has gone; Unavailable after so many seconds."""
    deadline = time.monotonic() + seconds
    for pause in interactive.pauses():
        items = await run_in_threadpool(interactive.finished, entered, working)
        if items or await request.is_disconnected():
            return items
        if time.monotonic() > deadline:
            break
        await anyio.sleep(pause)
    raise interactive.still_going(seconds)


async def _leave(entered: EnteredEdit, working: InteractiveContext, *, gone: bool) -> None:
    # Also where the server cancels the request.
    with anyio.CancelScope(shield=True):
        await run_in_threadpool(interactive.leave, entered, working, gone=gone)


def _response(answer: EditAnswer) -> ImagesResponse:
    data = [
        ImageData(url=image)
        if isinstance(image, str)
        else ImageData(b64_json=base64.b64encode(image).decode())
        for image in answer.images
    ]
    return ImagesResponse(
        created=int(answer.created),
        data=data,
        output_format=answer.output.value,
        size=f"{answer.width}x{answer.height}",
    )


def _id_of(request: Request) -> str:
    return str(request.scope.get("request_id", ""))
