"""What every route of a page has: a person who is logged in, and errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from qie_batch.errors import QieError, UsageError
from qie_batch.gateway.access.gate import gate_of
from qie_batch.gateway.access.people import current_session
from qie_batch.gateway.access.sessions import Session, check_form_token, check_same_origin
from qie_batch.gateway.access.subject import Scope, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.pages.languages import Language
from qie_batch.gateway.pages.rendering import language_of, page
from qie_batch.gateway.problems import AccessDenied, TooMany, status_of

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """Shows errors as pages, and sends who is not logged in to the login."""

    def get_route_handler(self) -> _Handler:
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"][1:]))
                return error_page(request, UsageError(f"{where}: {first['msg']}", code="request_invalid"))
            except QieError as error:
                return error_page(request, error)

        return handle_page


def page_router() -> APIRouter:
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def error_page(request: Request, error: QieError) -> Response:
    status = status_of(error)
    if status == 401 and request.method == "GET":
        back = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return see_other(f"/login?next={quote(back)}")
    text, original = language_of(request).error(error)
    shown = page(
        request,
        "error",
        status=status,
        session=current_session(request, request.app.state.context.settings),
        text=text,
        original=original,
        code=error.code,
        reference=request.scope.get("request_id", ""),
    )
    if isinstance(error, TooMany):
        shown.headers["Retry-After"] = str(error.retry_after)
    return shown


def see_other(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of a person who is logged in."""

    request: Request
    context: GatewayContext
    session: Session
    language: Language

    @property
    def subject(self) -> Subject:
        return self.session.subject

    @property
    def ledger(self) -> SqlLedger:
        """The ledger as the person may see it."""
        return self.subject.ledger(self.context)

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        may_write = self.subject.may(Scope.JOBS_WRITE)
        return page(
            self.request, template, status=status, session=self.session, may_write=may_write, **values
        )


def visit(request: Request, context: Context) -> Visit:
    """AccessDenied without a session (401)."""
    session = current_session(request, context.settings)
    if session is None:
        raise AccessDenied("nobody is logged in", hint="log in")
    gate_of(request).admit(request)
    return Visit(request=request, context=context, session=session, language=language_of(request))


Visiting = Annotated[Visit, Depends(visit)]


def reading(visit: Visiting) -> Visit:
    """AccessDenied without the right to read jobs (403)."""
    return _allowed(visit, Scope.JOBS_READ)


async def token_of_form(request: Request) -> str:
    """Not a field of a route's own form, which then could not be one value."""
    given = (await request.form()).get("form")
    return given if isinstance(given, str) else ""


def posting(visit: Visiting, token: Annotated[str, Depends(token_of_form)]) -> Visit:
    """A form of a page of this session; AccessDenied for any other (403)."""
    check_same_origin(visit.request, visit.context.settings)
    check_form_token(token, visit.session)
    return visit


def sending(visit: Visiting) -> Visit:
    """For a form with files, whose route checks the token once they are on disk."""
    check_same_origin(visit.request, visit.context.settings)
    return _allowed(visit, Scope.JOBS_WRITE)


def writing(visit: Annotated[Visit, Depends(posting)]) -> Visit:
    """As `posting`, with the right to change jobs."""
    return _allowed(visit, Scope.JOBS_WRITE)


Reading = Annotated[Visit, Depends(reading)]
Posting = Annotated[Visit, Depends(posting)]
Sending = Annotated[Visit, Depends(sending)]
Writing = Annotated[Visit, Depends(writing)]


def _allowed(visit: Visit, scope: Scope) -> Visit:
    if not visit.subject.may(scope):
        raise AccessDenied(f"this needs the scope {scope}", code="forbidden", status=403)
    return visit
