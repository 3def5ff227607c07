"""How large the body of a request may be, and what a larger one is answered.

FastAPI reads a body before it asks who sends it. So a body may be small, unless its path is listed here; and
a request with a large one is admitted by the gate before its first byte is read. Caps count what arrives,
whatever Content-Length says; a route's own `max_body_size` takes their place.

They are not FastAPI's own cap of the whole application, which every included route would repeat, and which
would therefore take the place of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from qie_batch.errors import QieError
from qie_batch.gateway.access.gate import READS, gate_of
from qie_batch.gateway.problems import on_error, problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qie_batch.settings import Settings

#: Of a path that is not listed.
SMALL_BYTES = 1_000_000
#: Parts of a form: fields beside its files, files, each of which is open on disk, and the bytes of one field.
FORM_LIMITS = {"max_fields": 100, "max_files": 500, "max_part_size": 256_000}
JSON = "application/json"

#: Bodies that are JSON are held in memory, and have the setting of the second column.
LARGE = {
    "/api/uploads": ("gateway_max_upload_bytes", "gateway_max_json_bytes"),
    "/api/jobs": ("gateway_max_upload_bytes", "gateway_max_json_bytes"),
    "/v1/files": ("gateway_max_upload_bytes", "gateway_max_json_bytes"),
    "/uploads": ("gateway_max_upload_bytes", "gateway_max_json_bytes"),
    "/v1/images/edits": ("gateway_max_edit_bytes", "gateway_max_edit_bytes"),
}


#: Of the texts of a form: any other name would be looked up among Python's codecs, some of which raise
#: errors of their own, give halves of surrogate pairs, or take time that grows with the square of the length.
CHARSETS = frozenset({b"", b"utf-8", b"utf8", b"us-ascii", b"ascii"})


class BodyCaps:
    """Gives each request its cap; on the listed paths only to subjects that the gate admits."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._small = RequestBodyLimitMiddleware(app, SMALL_BYTES)
        self._large = {
            (path, is_json): RequestBodyLimitMiddleware(app, getattr(settings, name))
            for path, (streamed, json) in LARGE.items()
            for is_json, name in ((False, streamed), (True, json))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._small(scope, receive, send)
            return
        request = Request(scope, receive)
        if _charset(request) not in CHARSETS:
            text = "the texts of a form are read as UTF-8: leave charset out of its Content-Type"
            await problem(415, "charset", text, request=request)(scope, receive, send)
            return
        if scope["path"] not in LARGE or scope["method"] in READS:
            await self._small(scope, receive, send)
            return
        try:
            await run_in_threadpool(gate_of(request).admit, request)
        except QieError as error:
            await (await on_error(request, error))(scope, receive, send)
            return
        await self._large[scope["path"], media_type(request) == JSON](scope, receive, send)


def _charset(request: Request) -> bytes:
    """Of a form; b"" where none is named, and of other bodies."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    return options.get(b"charset", b"").lower() if media_type(request).startswith("multipart/") else b""


class OneLength:
    """Refuses a request with both Content-Length and Transfer-Encoding, and closes its connection.

    h11 reads such a body by the second and goes on with what follows as another request (RFC 9112, section
    6.3): a proxy in front that goes by the first would see one request where there are two.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if scope["type"] != "http" or not {b"content-length", b"transfer-encoding"} <= names:
            await self._app(scope, receive, send)
            return
        text = "the request has two lengths: Content-Length and Transfer-Encoding"
        headers = {"Connection": "close"}
        await problem(400, "bad_request", text, request=Request(scope), headers=headers)(scope, receive, send)


class OneShapeOfTooLarge:
    """Makes a problem of the plain text that starlette sends before a route has read the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_one_shape(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_plain_413(message):
                replaced = True
                await too_large(Request(scope))(scope, receive, send)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_one_shape)


def media_type(request: Request) -> str:
    """Of the body, without parameters, in lower case."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    return kind.decode("latin-1").lower()


def too_large(request: Request) -> ASGIApp:
    return problem(
        413, "too_large", "the body of this request is larger than may be sent here", request=request
    )


def _is_plain_413(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return bool(message["status"] == 413 and kind.startswith("text/plain"))
