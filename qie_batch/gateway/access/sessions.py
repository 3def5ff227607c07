"""Sessions of people: a signed cookie, and the proof that a change was asked for on a page of ours."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from qie_batch.gateway.access.cookies import Cookies, opened, sealed
from qie_batch.gateway.access.subject import Scope, Subject
from qie_batch.gateway.problems import AccessDenied

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from qie_batch.settings import Settings

SESSION_SECONDS = 12 * 3600
COOKIE = AUDIENCE = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    subject: Subject
    #: Which each form of a page repeats.
    form_token: str


def sign_in(response: Response, subject: Subject, cookies: Cookies) -> None:
    """Set the cookie of a new session."""
    now = int(time.time())
    claims = {
        "aud": AUDIENCE,
        "sub": subject.name,
        "tenant": subject.tenant,
        "scope": " ".join(sorted(subject.scopes)),
        "form": secrets.token_urlsafe(18),
        "iat": now,
        "exp": now + SESSION_SECONDS,
    }
    cookies.set(response, COOKIE, sealed(claims, cookies.settings), SESSION_SECONDS)


def session_of(cookies: Cookies) -> Session | None:
    """The session of the request's cookie; None without one, or with one that has ended."""
    claims = opened(cookies.get(COOKIE), AUDIENCE, cookies.settings)
    if claims is None:
        return None
    subject = Subject(
        name=str(claims.get("sub", "")),
        tenant=str(claims.get("tenant", "")),
        scopes=scopes_of(claims.get("scope", "")),
    )
    return Session(subject=subject, form_token=str(claims.get("form", "")))


def check_same_origin(request: HTTPConnection, settings: Settings) -> None:
    """Browsers name the site that asks: in Sec-Fetch-Site, or else, on plain HTTP, in Origin."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site == "same-origin" or (site is None and origin == own_address(request, settings)):
        return
    raise AccessDenied(
        "another site asked for this change",
        code="cross_site",
        hint="open the page itself and try again",
        status=403,
    )


def check_form_token(given: str, session: Session) -> None:
    if not session.form_token or not compare_digest(given.encode(), session.form_token.encode()):
        raise AccessDenied(
            "this form is of another session", code="form_expired", hint="load the page again", status=403
        )


def scopes_of(given: object) -> frozenset[Scope]:
    """Those of a text or a list that are known here."""
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return frozenset(Scope(word) for word in words if isinstance(word, str) and word in set(Scope))


def own_address(request: HTTPConnection, settings: Settings) -> str:
    """What a browser writes before the path."""
    return settings.gateway_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
