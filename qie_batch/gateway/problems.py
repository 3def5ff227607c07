"""Errors as RFC 9457 problem documents, with the codes that the ledger and the command line show."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from qie_batch import views
from qie_batch.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    QieError,
    Rejected,
    Unavailable,
    UsageError,
)
from qie_batch.model import InvalidManifest
from qie_batch.steps.openai.edit_body import WrongParameter
from qie_batch.steps.openai.interactive import EditFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Seconds after which a client may ask again while a service does not answer.
RETRY_SECONDS = 5

#: The first that fits.
_STATUSES: tuple[tuple[type[QieError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (Misconfigured, 500),
    (InvalidManifest, 422),
    (UsageError, 422),
    (Rejected, 422),
    (Unavailable, 503),
)


class AccessDenied(QieError):
    """The credentials are not accepted (401), or the subject has no right to do this (403)."""

    code = "unauthorized"

    def __init__(self, message: str, *, code: str = "", hint: str = "", status: int = 401) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status


class TooMany(QieError):
    """A limit on rate or cost is reached (429)."""

    code = "rate_limited"

    def __init__(
        self, message: str, *, code: str = "", hint: str = "", retry_after: int, repeats: bool = True
    ) -> None:
        """`repeats`: whether a client should send it again by itself, after those seconds."""
        super().__init__(message, code=code, hint=hint)
        self.retry_after = retry_after
        self.repeats = repeats


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(QieError, on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unknown)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    request: Request,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """One problem document; `more` are its further members.

    `app.state.error_shapes` gives, by the beginning of a path, what makes another response of the same. The
    metrics count it by its code.
    """
    request.scope["problem"] = code
    body = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": request.scope.get("request_id", ""),
        **more,
    }
    for beginning, response in request.app.state.error_shapes.items():
        if request.url.path.startswith(beginning):
            return cast("JSONResponse", response(status, body, headers))
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Of another type",
    422: "Not understood",
    429: "Too many requests",
    500: "Internal error",
    503: "A service does not answer",
}


#: Of errors that the framework raises.
_CODES = {
    400: "bad_request",
    404: "path_unknown",
    405: "method_not_allowed",
    413: "too_large",
}
#: How starlette begins its sentences about forms beyond their limits, which it answers with 400.
_TOO_LARGE_FORMS = ("Field exceeded", "Part exceeded", "Too many files", "Too many fields")


def status_of(error: QieError) -> int:
    if isinstance(error, AccessDenied):
        return error.status
    if isinstance(error, TooMany):
        return 429
    if isinstance(error, EditFailed):
        return 500 if error.gave_up else 422
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


async def on_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, QieError)
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, AccessDenied) and status == 401:
        sent = error.code != AccessDenied.code
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if sent else "Bearer"
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
        if not error.repeats:
            headers["x-should-retry"] = "false"  # read by the clients of OpenAI
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    more: dict[str, Any] = {"hint": error.hint} if error.hint else {}
    if isinstance(error, WrongParameter):
        more["param"] = error.subject
    if isinstance(error, InvalidManifest):
        more["errors"] = [views.dumped(views.bad_row_view(row)) for row in error.bad_rows]
    return problem(status, error.code, error.message, request=request, headers=headers, **more)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [
        {"where": ".".join(map(str, each["loc"])), "detail": each["msg"]} for each in error.errors()[:100]
    ]
    first = found[0] if found else {"where": "body", "detail": "it is not understood"}
    detail = f"{first['where']}: {first['detail']}"
    return problem(422, "request_invalid", detail, request=request, errors=found)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, detail = error.status_code, str(error.detail)
    if status == 400 and detail.startswith(_TOO_LARGE_FORMS):
        status = 413
    if status == 413:
        detail = "the body of this request, or a part of it, is larger than may be sent here"
    return problem(status, _CODES.get(status, "http"), detail, request=request, headers=error.headers)


async def _on_unknown(request: Request, error: Exception) -> JSONResponse:
    log.error("request %s failed", request.scope.get("request_id", ""), exc_info=error)
    return problem(
        500, "internal", "this is a fault of ours; the log has it under the instance", request=request
    )
