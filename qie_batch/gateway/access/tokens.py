"""JSON Web Tokens: one pinned algorithm, all claims required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from qie_batch.gateway.problems import AccessDenied

if TYPE_CHECKING:
    from qie_batch.settings import Settings


def claims_of(token: str, settings: Settings) -> dict[str, Any]:
    """The claims of a valid token; AccessDenied for any other."""
    assert settings.gateway_secret
    key = OctKey.import_key(settings.gateway_secret.get_secret_value())
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.jwt_issuer},
        aud={"essential": True, "value": settings.jwt_audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        decoded = jwt.decode(token, key, algorithms=[settings.jwt_algorithm])
        registry.validate(decoded.claims)
    except (JoseError, ValueError) as error:
        raise AccessDenied(f"the token is not accepted ({type(error).__name__})") from error
    return decoded.claims
