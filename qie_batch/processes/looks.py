"""What control looks at for its metrics: whether services answer, and how long a certificate lasts."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificate

from qie_batch.errors import QieError, Unavailable
from qie_batch.keys import BREAKER_PROBE

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import ObjectStore, WorkQueue
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.metrics.control import ControlMetrics

#: Seconds between two looks.
SERVICES_SECONDS, CERTIFICATE_SECONDS = 5.0, 3600.0
_CONNECT_SECONDS = 10.0


class Every:
    """A step that runs once in so many seconds, however often it is called."""

    def __init__(self, seconds: float, step: Callable[[], object]) -> None:
        self._seconds = seconds
        self._step = step
        self._due = 0.0

    def __call__(self) -> int:
        if time.monotonic() < self._due:
            return 0
        self._due = time.monotonic() + self._seconds
        self._step()
        return 0


def service_looks(
    ledger: SqlLedger, store: ObjectStore, queue: WorkQueue, metrics: ControlMetrics
) -> list[Every]:
    """One for each service: they may hang, and then delay no other."""
    checks: dict[str, Callable[[], object]] = {
        "ledger": ledger.clock.now,
        "store": lambda: store.stat(BREAKER_PROBE),
        "broker": queue.epoch,
    }

    def look(name: str) -> Every:
        def ask() -> None:
            try:
                checks[name]()
            except QieError:
                metrics.answered(name, up=False)
            else:
                metrics.answered(name, up=True)

        return Every(SERVICES_SECONDS, ask)

    return [look(name) for name in checks]


def certificate_look(address: str, metrics: ControlMetrics) -> Every:
    """Of the gateway's own address, where that is https."""

    def ask() -> None:
        if address.startswith("https://"):
            metrics.certificate_ends(certificate_end(address))

    return Every(CERTIFICATE_SECONDS, ask)


def certificate_end(address: str) -> float:
    """When the certificate at this address ends, in seconds since 1970; valid or not. Raises Unavailable."""
    url = urlsplit(address)
    try:
        text = ssl.get_server_certificate((url.hostname or "", url.port or 443), timeout=_CONNECT_SECONDS)
    except OSError as error:
        raise Unavailable(
            f"the certificate of {url.hostname} cannot be read: {error}", code="certificate_unread"
        ) from error
    return load_pem_x509_certificate(text.encode()).not_valid_after_utc.timestamp()
