"""The ways in which a request may say who sends it.

Each is asked in turn. It gives the subject that the request's credentials of its kind stand for, None where
the request has none of them, and raises AccessDenied for those that it does not accept, so that a wrong token
is never passed over for another way in. A further way (a session's cookie, say) is a further class here, and
a line in `authenticators`. A way in that browsers take by themselves has to check in `subject` that the
change was asked for on a page of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qie_batch import wiring
from qie_batch.gateway.access.people import Sessions
from qie_batch.gateway.access.recent import Recent
from qie_batch.gateway.access.subject import Subject
from qie_batch.gateway.access.tokens import Tokens
from qie_batch.gateway.access.wrong_keys import WrongKeys
from qie_batch.gateway.problems import AccessDenied
from qie_batch.steps.tenants import KEY_PREFIX, digest_of

if TYPE_CHECKING:
    from fastapi import Request

    from qie_batch.gateway.context import GatewayContext
    from qie_batch.model import ApiKey


#: How long a key that was right may be sent from an address with too many wrong ones.
RIGHT_SECONDS = 3600.0


class Authenticator(Protocol):
    def subject(self, request: Request) -> Subject | None:
        """Called in a thread; may ask ledger and Redis."""

    def known(self, request: Request) -> Subject | None:
        """What `subject` gives, where that is known without waiting; None also where it is not.

        Called in the event loop. A request for which every way in gives None goes through `subject`.
        """


def authenticators(context: GatewayContext) -> tuple[Authenticator, ...]:
    """Misconfigured where one of them could not check anything."""
    return (ApiKeys(context), BearerTokens(context), Sessions(context.settings))


class ApiKeys:
    """Authorization: Bearer qie_..., a key that `qie-batch keys add` made."""

    def __init__(self, context: GatewayContext) -> None:
        settings = context.settings
        self._keys = context.ledger.api_keys
        self._recent: Recent[ApiKey | None] = Recent()
        #: Digests of keys that were right in the last hour: the limit of their address is not theirs.
        self._right: Recent[bool] = Recent(RIGHT_SECONDS)
        self._wrong = WrongKeys(wiring.needed(settings, "broker_url"), settings.gateway_wrong_key_rate)

    def subject(self, request: Request) -> Subject | None:
        secret = bearer_of(request)
        if secret is None or not secret.startswith(KEY_PREFIX):
            return None
        digest = digest_of(secret)
        address = request.client.host if request.client else ""
        if not self._right.known(digest):
            self._wrong.check(address)
        key = self._recent.get(digest, lambda: self._keys.find(digest))
        if key is None:
            self._wrong.count(address)
            raise AccessDenied(
                "the key is not known, has expired or is revoked",
                code="key_invalid",
                hint="ask who runs this stack for a new one",
            )
        self._right.get(digest, lambda: True)
        return _subject_of(key)

    def known(self, request: Request) -> Subject | None:
        secret = bearer_of(request)
        if secret is None or not secret.startswith(KEY_PREFIX):
            return None
        found = self._recent.known(digest_of(secret))
        key = found[0] if found else None
        return _subject_of(key) if key else None


def _subject_of(key: ApiKey) -> Subject:
    return Subject(name=key.id, tenant=key.owner, scopes=key.scopes)


class BearerTokens:
    """Authorization: Bearer followed by a JSON Web Token."""

    def __init__(self, context: GatewayContext) -> None:
        self._tokens = Tokens(context.settings)

    def subject(self, request: Request) -> Subject | None:
        token = bearer_of(request)
        return None if token is None else self._tokens.subject(token)

    def known(self, request: Request) -> Subject | None:
        token = bearer_of(request)
        return None if token is None else self._tokens.known(token)


def bearer_of(request: Request) -> str | None:
    """The credentials of the header Authorization, None without; AccessDenied for two such headers."""
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise AccessDenied("the request has two headers Authorization", hint="send one")
    scheme, _, credentials = given[0].partition(" ") if given else ("", "", "")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None
