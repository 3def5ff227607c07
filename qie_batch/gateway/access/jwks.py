"""Public keys of an issuer of tokens: a JWKS file or https:// address, read again as keys rotate."""

from __future__ import annotations

import json
import logging
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey, RSAKey

from qie_batch.errors import Misconfigured, QieError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: Age at which the keys are read again, and the shortest time between two readings for a kid that is unknown.
READ_SECONDS, UNKNOWN_SECONDS = 300.0, 5.0
#: Keys that could not be read again for so long are trusted no more: they may have been withdrawn.
TRUSTED_SECONDS = 3600.0
#: For connecting, and for each read of the answer.
ANSWER_SECONDS = 5.0
MOST_BYTES = 256_000
#: RFC 7518, section 3.3.
RSA_BITS = 2048

_KINDS: dict[str, type[OKPKey | RSAKey]] = {"EdDSA": OKPKey, "RS256": RSAKey}
#: Names in tokens and keys for the algorithm of a setting: RFC 9864 renames EdDSA for the one curve in use.
NAMES = {"EdDSA": ("EdDSA", "Ed25519"), "RS256": ("RS256",), "HS256": ("HS256",)}


class PublicKeys:
    """Those of one algorithm. `read` gives the document and raises Unavailable."""

    def __init__(
        self, read: Callable[[], bytes], algorithm: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._algorithm = algorithm
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        #: When the keys were read, and when reading was last tried.
        self._read_at = self._tried_at = float("-inf")

    def for_kid(self, kid: object) -> KeySet:
        """The keys, read again where they are old or do not have this kid; Unavailable without any."""
        if self._is_due(kid):
            # One thread reads; without keys the others wait for it, else they use those there are.
            with_keys = self._keys is not None
            if self._lock.acquire(blocking=not with_keys):
                try:
                    if self._is_due(kid):
                        self._read_again()
                finally:
                    self._lock.release()
        keys = self._keys
        if keys is None or self._clock() - self._read_at > TRUSTED_SECONDS:
            raise Unavailable(
                "the keys of the issuer of tokens are not known",
                code="keys_unavailable",
                hint="try again later",
            )
        return keys

    def load(self) -> None:
        """Read the keys now; Misconfigured for a document that cannot be used, Unavailable without one."""
        self._tried_at = self._clock()
        self._keys = key_set(self._read(), self._algorithm)
        self._read_at = self._tried_at

    def _is_due(self, kid: object) -> bool:
        now, keys = self._clock(), self._keys
        if now - self._tried_at < UNKNOWN_SECONDS:
            return False
        if keys is None or now - self._read_at >= READ_SECONDS:
            return True
        return kid is not None and all(key.kid != kid for key in keys)

    def _read_again(self) -> None:
        try:
            self.load()
        except QieError as error:
            log.warning("the keys of the issuer of tokens cannot be read: %s", error.message)


def public_keys(address: str, algorithm: str) -> PublicKeys:
    """Of the file or https:// address of a setting; Misconfigured for any other address."""
    if address.startswith("https://"):
        return PublicKeys(partial(_fetched, address), algorithm)
    if "://" in address or not address:
        raise Misconfigured("QIE_JWT_KEYS is neither a file nor an https:// address", hint="correct it")
    return PublicKeys(partial(_file, Path(address)), algorithm)


def key_set(document: bytes, algorithm: str) -> KeySet:
    """The keys for signatures of this algorithm; Misconfigured without one, or with one that is secret."""
    try:
        entries = json.loads(document)["keys"]
        found = [key for entry in entries if (key := _key(entry, algorithm))]
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(f"it cannot be read ({type(error).__name__})") from error
    if not found:
        raise _unusable(f"it has no key for {algorithm}")
    return KeySet(list(found))


def _key(entry: dict[str, Any], algorithm: str) -> OKPKey | RSAKey | None:
    """The key of an entry, None for one of another use or kind."""
    if entry["kty"] == "oct" or "d" in entry:
        raise _unusable("it holds a secret key, with which any reader of it could sign")
    kind = _KINDS[algorithm]
    if (
        entry["kty"] != kind.key_type
        or entry.get("use", "sig") != "sig"
        or entry.get("alg", algorithm) not in NAMES[algorithm]
        or entry.get("crv", "Ed25519") != "Ed25519"
    ):
        return None
    key = kind.import_key(entry)
    if isinstance(key, RSAKey) and key.raw_value.key_size < RSA_BITS:
        raise _unusable(f"it has an RSA key of {key.raw_value.key_size} bits, fewer than {RSA_BITS}")
    return key


def _unusable(why: str) -> Misconfigured:
    return Misconfigured(
        f"the JWKS that QIE_JWT_KEYS names cannot be used: {why}", hint="name that of your issuer of tokens"
    )


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}", hint="correct QIE_JWT_KEYS") from error


def _fetched(address: str) -> bytes:
    """Without redirects, which could lead anywhere."""
    try:
        with httpx2.stream("GET", address, timeout=ANSWER_SECONDS, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise Unavailable(f"{address} answered {answer.status_code}")
            document = b""
            for chunk in answer.iter_bytes():
                document += chunk
                if len(document) > MOST_BYTES:
                    raise Unavailable(f"{address} answered more than {MOST_BYTES:,} bytes")
            return document
    except httpx2.HTTPError as error:
        raise Unavailable(f"{address} did not answer ({type(error).__name__})") from error
