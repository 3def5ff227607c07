"""Login at an OpenID provider, by the authorization code flow with PKCE."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.gateway.access.cookies import Cookies, opened, sealed
from qie_batch.gateway.access.people import person
from qie_batch.gateway.access.sessions import own_address
from qie_batch.gateway.context import Context
from qie_batch.gateway.pages.login import local, logged_in
from qie_batch.gateway.pages.routing import page_router
from qie_batch.gateway.problems import AccessDenied
from qie_batch.settings import Settings

router = page_router()

#: How long a person may take at the provider.
LOGIN_SECONDS = 600
#: The cookie that ties an answer of the provider to the browser that asked.
COOKIE = AUDIENCE = "login"
BACK = "/login/oidc/back"


@router.get("/login/oidc")
async def ask_provider(request: Request, context: Context, next: str = "/") -> Response:  # noqa: A002 - the name in addresses
    settings = context.settings
    request.scope["session"] = {}
    try:
        response: Response = await _provider(settings).authorize_redirect(request, _back(request, settings))
    except Exception as error:
        raise _refused(error) from error
    state = {"aud": AUDIENCE, "exp": int(time.time()) + LOGIN_SECONDS, "state": request.session, "next": next}
    Cookies(request, settings).set(response, COOKIE, sealed(state, settings), LOGIN_SECONDS)
    return response


@router.get(BACK)
async def provider_answered(request: Request, context: Context) -> Response:
    settings, cookies = context.settings, Cookies(request, context.settings)
    state = opened(cookies.get(COOKIE), AUDIENCE, settings)
    if state is None:
        raise AccessDenied("this login took too long", code="login_expired", hint="log in again", status=403)
    request.scope["session"] = dict(state["state"])
    try:
        token = await _provider(settings).authorize_access_token(request)
    except Exception as error:
        raise _refused(error) from error
    claims = token.get("userinfo") or {}
    if not claims.get("sub"):
        raise AccessDenied("the provider did not say who logged in", code="login_refused", status=403)
    name = str(claims.get("email") or claims.get("preferred_username") or claims["sub"])
    response = logged_in(request, person(name, claims, settings), local(str(state["next"])), context)
    cookies.set(response, COOKIE, "", 0)
    return response


def _provider(settings: Settings) -> Any:
    if not settings.gateway_oidc_issuer:
        raise NotFound("no OpenID provider is set", hint="set QIE_GATEWAY_OIDC_ISSUER")
    secret = settings.gateway_oidc_client_secret
    return _client(
        settings.gateway_oidc_issuer.rstrip("/"),
        settings.gateway_oidc_client_id,
        secret.get_secret_value() if secret else None,
    )


@lru_cache(maxsize=1)
def _client(issuer: str, client_id: str, secret: str | None) -> Any:
    """Keeps the provider's metadata and keys; asks again for a key that it does not know."""
    try:
        from authlib.integrations.starlette_client import OAuth  # noqa: PLC0415 - of the extra [gateway]
    except ImportError as error:
        raise Misconfigured(
            "OpenID Connect needs authlib", hint="pip install 'qie-batch[gateway]'"
        ) from error
    return OAuth().register(
        "provider",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )


def _back(request: Request, settings: Settings) -> str:
    return f"{own_address(request, settings)}{BACK}"


def _refused(error: Exception) -> Exception:
    """The error itself where it is ours; else that of a login that did not succeed."""
    if isinstance(error, Misconfigured | NotFound):
        return error
    what = f"{type(error).__name__}: {error}"[:300]
    return AccessDenied(
        f"the login at the provider did not succeed ({what})",
        code="login_refused",
        hint="try again, or ask who runs it",
        status=403,
    )
