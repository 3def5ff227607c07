"""The ways in: a one-time login, a proxy's header, an OpenID provider; and the way out."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from qie_batch.gateway.access.cookies import Cookies
from qie_batch.gateway.access.people import person, proxied_name
from qie_batch.gateway.access.sessions import COOKIE, scopes_of, sign_in
from qie_batch.gateway.access.subject import Subject
from qie_batch.gateway.context import Context
from qie_batch.gateway.pages.languages import COOKIE as LANGUAGE_COOKIE
from qie_batch.gateway.pages.languages import LANGUAGES
from qie_batch.gateway.pages.rendering import page
from qie_batch.gateway.pages.routing import Posting, page_router, see_other
from qie_batch.processes.logins import take_login

router = page_router()

#: Seconds for which a language stays switched.
LANGUAGE_SECONDS = 365 * 24 * 3600


@router.get("/login")
def login(request: Request, context: Context, code: str = "", next: str = "/") -> Response:  # noqa: A002 - the name in addresses
    """Log in by what the request carries, or say how to log in."""
    settings = context.settings
    if code and "prefetch" not in request.headers.get("sec-purpose", ""):
        claims = take_login(code, settings)
        if claims:
            subject = Subject(name=claims["sub"], tenant=claims["tenant"], scopes=scopes_of(claims["scope"]))
            return logged_in(request, subject, next, context)
    elif name := proxied_name(request, settings):
        return logged_in(request, person(name, {}, settings), next, context)
    return page(
        request,
        "login",
        status=403 if code else 200,
        used=bool(code),
        by_provider=bool(settings.gateway_oidc_issuer),
        provider_address=f"/login/oidc?next={quote(local(next))}",
        by_proxy=bool(settings.gateway_user_header),
    )


@router.post("/logout")
def logout(visit: Posting) -> Response:
    response = see_other("/login")
    Cookies(visit.request, visit.context.settings).set(response, COOKIE, "", 0)
    return response


@router.get("/language/{code}")
def switch_language(code: str, request: Request, context: Context, next: str = "/") -> Response:  # noqa: A002 - likewise
    response = see_other(local(next))
    if code in LANGUAGES:
        Cookies(request, context.settings).set(response, LANGUAGE_COOKIE, code, LANGUAGE_SECONDS)
    return response


def logged_in(request: Request, subject: Subject, then: str, context: Context) -> Response:
    response = see_other(local(then))
    sign_in(response, subject, Cookies(request, context.settings))
    return response


def local(address: str) -> str:
    """The address if it stays on this site, else the first page."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_local else "/"
