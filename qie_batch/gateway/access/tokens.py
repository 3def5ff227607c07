"""JSON Web Tokens: one pinned algorithm, every claim required, nothing taken from the token's header but kid.

joserfc refuses `none`, other algorithms than the pinned one, public keys as HMAC secrets, critical extensions
and times that are no numbers; keys named inside a token (jwk, jku, x5u) are not looked at.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingClaimError
from joserfc.jwk import OctKey

from qie_batch.errors import Misconfigured, Unavailable
from qie_batch.gateway.access.jwks import NAMES, public_keys
from qie_batch.gateway.access.recent import Recent
from qie_batch.gateway.access.subject import Scope, Subject
from qie_batch.gateway.problems import AccessDenied
from qie_batch.model import is_tenant_name
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from joserfc.jwk import Key, KeySet

    from qie_batch.settings import Settings

log = logging.getLogger(__name__)

#: Longer than any token in use; a header of a request has room for much more.
MOST_CHARACTERS = 8192
#: By which the clocks of issuer and gateway may differ where a token says from when on it counts.
SKEW_SECONDS = 10
#: Of a subject's name, for logs and keys of Redis.
MOST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _ValidToken:
    subject: Subject
    #: Seconds since 1970.
    expires_at: float

    def now(self) -> Subject:
        """AccessDenied once it has expired: the difference between clocks does not count here."""
        if self.expires_at <= time.time():
            raise _expired()
        return self.subject


class Tokens:
    """Tokens of one issuer for one audience; one that was found valid is checked anew after a moment."""

    def __init__(self, settings: Settings) -> None:
        """Misconfigured where tokens could not be checked."""
        self._settings = settings
        self._key = _key_of(settings)
        self._recent: Recent[_ValidToken] = Recent()
        essential: Any = {"essential": True}
        self._claims = jwt.JWTClaimsRegistry(
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": settings.jwt_issuer},
            aud={"essential": True, "value": settings.jwt_audience},
            sub=essential,
            exp=essential,
            iat=essential,
        )

    def subject(self, token: str) -> Subject:
        """Whom the token names; AccessDenied for one that is not valid, Unavailable without the keys."""
        if len(token) > MOST_CHARACTERS:
            raise _refused(f"it has more than {MOST_CHARACTERS:,} characters")
        return self._recent.get(_digest(token), lambda: self._checked(token)).now()

    def known(self, token: str) -> Subject | None:
        """Whom a token names that was valid a moment ago, None for others; AccessDenied once it expired."""
        if len(token) > MOST_CHARACTERS:
            return None
        known = self._recent.known(_digest(token))
        return known[0].now() if known else None

    def _checked(self, token: str) -> _ValidToken:
        claims = self._valid(token)
        scopes = _scopes(claims.get("scope", ""))
        name = claims["sub"]
        if len(name) > MOST_NAME or printable(name, MOST_NAME) != name:
            raise _refused(f"its sub is not text of at most {MOST_NAME} characters that can be printed")
        subject = Subject(name=name, tenant=self._tenant(claims, scopes), scopes=scopes)
        return _ValidToken(subject=subject, expires_at=claims["exp"])

    def _valid(self, token: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, self._key, algorithms=NAMES[self._settings.jwt_algorithm]).claims
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise _expired() from error
        except MissingClaimError as error:
            raise _refused(
                f"it must have the claims {', '.join(sorted(self._claims.essential_keys))}"
            ) from error
        except ClaimError as error:
            raise _refused(f"its claim {error.claim} is not accepted") from error
        except (JoseError, ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
            raise _refused("its form, algorithm, key or signature is wrong") from error
        return claims

    def _tenant(self, claims: dict[str, Any], scopes: frozenset[Scope]) -> str:
        """The tenant's name; "", the command line's, for admins of a stack that signs its own tokens."""
        claim = self._settings.jwt_tenant_claim
        name = claims.get(claim, "")
        if isinstance(name, str) and is_tenant_name(name):
            return name
        if name == "" and Scope.ADMIN in scopes and self._settings.jwt_algorithm == "HS256":
            return ""
        raise _refused(f"its claim {claim} must name a tenant: 1 to 64 letters, digits, _ . or -")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _scopes(given: object) -> frozenset[Scope]:
    """Scopes of others are left out: a token may be for several services."""
    if not isinstance(given, str):
        raise _refused("its scope is not text")
    return frozenset(Scope(scope) for scope in given.split(" ") if scope in set(Scope))


def _key_of(settings: Settings) -> Key | KeySet | Callable[[Any], KeySet]:
    if settings.jwt_algorithm == "HS256":
        if settings.gateway_secret is None:
            raise Misconfigured("tokens cannot be checked without a secret", hint="set QIE_GATEWAY_SECRET")
        return OctKey.import_key(settings.gateway_secret.get_secret_value())
    keys = public_keys(settings.jwt_keys, settings.jwt_algorithm)
    try:
        keys.load()
    except Unavailable as error:  # they are read when the first token comes
        log.warning("%s", error.message)
    return lambda token: keys.for_kid(token.headers().get("kid"))


def _expired() -> AccessDenied:
    return _refused("it has expired", code="token_expired")


def _refused(why: str, code: str = "token_invalid") -> AccessDenied:
    return AccessDenied(
        f"the token is not accepted: {why}", code=code, hint="get a new token from its issuer"
    )
