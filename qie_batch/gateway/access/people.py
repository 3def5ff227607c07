"""People: who has a session, and who was logged in by another party.

That is a proxy in front, by a header, or an OpenID provider, by claims.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import TYPE_CHECKING

from qie_batch.gateway.access.cookies import Cookies
from qie_batch.gateway.access.sessions import check_same_origin, scopes_of, session_of
from qie_batch.gateway.access.subject import Subject
from qie_batch.gateway.problems import AccessDenied
from qie_batch.model import is_tenant_name
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection, Request

    from qie_batch.gateway.access.sessions import Session
    from qie_batch.settings import Settings

#: Characters of a name in a log.
MOST_NAME = 200
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def current_session(request: HTTPConnection, settings: Settings) -> Session | None:
    """The session of the cookie, unless the proxy names another person."""
    session = session_of(Cookies(request, settings))
    named = proxied_name(request, settings)
    return None if session and named and named != session.subject.name else session


class Sessions:
    """The cookie of a person who is logged in, which a browser sends by itself, also for other sites."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def subject(self, request: Request) -> Subject | None:
        session = current_session(request, self._settings)
        if session and request.method not in _SAFE:
            check_same_origin(request, self._settings)
        return session.subject if session else None

    def known(self, _request: Request) -> None:
        """A cookie counts only where no other credentials were sent, as the ways in before this one say."""


def proxied_name(request: HTTPConnection, settings: Settings) -> str:
    """Whom the proxy names; "" where no header is set for that, or the peer is no listed proxy."""
    if not settings.gateway_user_header or not is_proxy(peer_of(request), settings.trusted_proxies):
        return ""
    return request.headers.get(settings.gateway_user_header, "").strip()


def person(name: str, claims: Mapping[str, object], settings: Settings) -> Subject:
    """A person with the tenant and the scopes that claims or settings give; AccessDenied without either."""
    if not name or len(name) > MOST_NAME or printable(name, MOST_NAME) != name:
        raise AccessDenied(
            "the name of who logs in is no text that can be printed", code="login_refused", status=403
        )
    given = claims.get(settings.gateway_oidc_scope_claim) if settings.gateway_oidc_scope_claim else None
    scopes = scopes_of(given if given is not None else settings.gateway_people_scopes)
    return Subject(name=name, tenant=_tenant(name, claims, settings), scopes=scopes)


def _tenant(name: str, claims: Mapping[str, object], settings: Settings) -> str:
    if settings.gateway_oidc_tenant_claim:
        claimed = claims.get(settings.gateway_oidc_tenant_claim)
        if isinstance(claimed, str) and is_tenant_name(claimed):
            return claimed
        raise AccessDenied(
            f"the claim {settings.gateway_oidc_tenant_claim} of who logs in names no tenant",
            code="login_refused",
            status=403,
        )
    # Names change and may be another's later; what a provider calls the subject does not.
    own = str(claims.get("sub") or name)
    digest = hashlib.sha256(own.encode()).hexdigest()
    return settings.gateway_people_tenant or (own if is_tenant_name(own) else f"person-{digest[:32]}")


def peer_of(request: HTTPConnection) -> str:
    """The address at the other end of the connection, whatever was forwarded."""
    peer = request.scope.get("peer") or request.scope.get("client")
    return str(peer[0]) if peer else ""


def is_proxy(address: str, listed: tuple[str, ...]) -> bool:
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(network, strict=False) for network in listed if network != "*")
