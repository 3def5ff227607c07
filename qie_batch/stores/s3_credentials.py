"""Credentials of boto3's chain that are loaded again when the server calls them expired.

botocore renews what comes with an expiry time (roles, metadata servers, programs). It reads a shared file of
credentials once, and trusts its own clock: without this module, a file that another program renews, or a
session that was ended early, would fail every request until the process is restarted.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError, NoCredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

#: Codes of S3 for credentials that were good once.
EXPIRED = frozenset({"ExpiredToken", "InvalidToken", "TokenRefreshRequired"})
#: Codes after which the chain is asked again: a key may have been replaced, and the response to a HEAD says
#: its status instead of ExpiredToken.
_RENEWED = EXPIRED | {"InvalidAccessKeyId", "400"}
#: Seconds within which the chain is not asked a second time, however many requests fail.
RENEW_SECONDS = 5.0


class ChainCredentials(Credentials):  # type: ignore[misc]
    """What botocore asks for the credentials of each request, in place of those that its chain found."""

    def __init__(self) -> None:
        super().__init__("", "")
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._loaded_at: float | None = None

    def load_credentials(self) -> ChainCredentials:
        """What a session asks its component `credential_provider`."""
        return self

    def get_frozen_credentials(self) -> Any:
        """Those of one request, renewed where their provider says when they expire. Raises BotoCoreError."""
        with self._lock:
            if self._loaded is None:
                self._load()
            loaded = self._loaded
        if loaded is None:
            raise NoCredentialsError
        try:
            return loaded.get_frozen_credentials()
        except RuntimeError as error:  # botocore's, for a provider that gives what has expired already
            raise CredentialRetrievalError(provider=loaded.method, error_msg=str(error)) from error

    def on_response(
        self, response: tuple[Any, Mapping[str, Any]] | None, attempts: int, **_event: Any
    ) -> float | None:
        """Seconds after which a request is sent again, None where this event `needs-retry` is botocore's."""
        if attempts > 1 or response is None or response[1].get("Error", {}).get("Code") not in _RENEWED:
            return None
        with self._lock:
            self._load()
        log.info("S3 calls the credentials expired: they were loaded again")
        return 0.0

    def _load(self) -> None:
        """A new session, since a session reads its files once."""
        if self._loaded_at is None or time.monotonic() - self._loaded_at > RENEW_SECONDS:
            self._loaded_at = time.monotonic()
            self._loaded = botocore.session.Session().get_credentials()
