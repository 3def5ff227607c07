"""Cookies of ours, and texts that are sealed to stand in one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from qie_batch.settings import Settings


@dataclass(frozen=True, slots=True)
class Cookies:
    """Those of one request: out of reach of scripts and of other sites, encrypted where the page is."""

    request: HTTPConnection
    settings: Settings

    def get(self, name: str) -> str:
        """The value, "" without one."""
        return self.request.cookies.get(self.name(name), "")

    def set(self, response: Response, name: str, value: str, max_age: int) -> None:
        """`max_age` in seconds; 0 removes the cookie."""
        response.set_cookie(
            self.name(name),
            value,
            max_age=max_age,
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )

    def name(self, name: str) -> str:
        """As the browser keeps it. A cookie knows no port: two stacks on one machine need two names."""
        return f"__Host-qie-{name}" if self.is_https else f"qie-{name}-{self.settings.gateway_port}"

    @property
    def is_https(self) -> bool:
        return self.request.url.scheme == "https" or self.settings.gateway_url.startswith("https://")


def sealed(claims: Mapping[str, Any], settings: Settings) -> str:
    """A signed text; `aud` and `exp` are among the claims."""
    return jwt.encode({"alg": "HS256"}, {"iss": settings.jwt_issuer, **claims}, _key(settings))


def opened(text: str, audience: str, settings: Settings) -> dict[str, Any] | None:
    """The claims of a text that `sealed` made for this audience and that has not expired."""
    if not text:
        return None
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.jwt_issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
    )
    try:
        decoded = jwt.decode(text, _key(settings), algorithms=["HS256"])
        registry.validate(decoded.claims)
    except (JoseError, ValueError):
        return None
    return decoded.claims


def _key(settings: Settings) -> OctKey:
    """Not the key of bearer tokens: neither can be taken for the other."""
    assert settings.gateway_secret
    secret = settings.gateway_secret.get_secret_value()
    return OctKey.import_key(hashlib.sha256(f"qie-batch session {secret}".encode()).digest())
