"""A circuit breaker on the store, so that an outage delays items and charges no errors to them."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.keys import BREAKER_PROBE

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore
    from qie_batch.steps.edit.shutdown import Shutdown

log = logging.getLogger(__name__)

#: Seconds between two probes of the store.
PROBE_SECONDS = 1.0
#: Probes write, as a full store can still be read. Not empty: a server may write no empty object to disk.
PROBE = b"probe"


class CircuitBreaker:
    """Opened by a StoreUnavailable; closed again by the first probe that succeeds."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._closed = threading.Event()
        self._closed.set()
        self._probing = threading.Lock()
        self._probed_at = -math.inf

    @property
    def is_open(self) -> bool:
        return not self._closed.is_set()

    def open(self) -> None:
        self._closed.clear()

    def wait(self, shutdown: Shutdown) -> bool:
        """Return True once the store answers, False once this process has to exit."""
        while not self._closed.is_set():
            if shutdown.begun:
                return False
            with self._probing:
                if not self._closed.is_set() and self._probe_is_due() and self._probe_succeeds():
                    log.info("the store is back")
                    self._closed.set()
            self._closed.wait(PROBE_SECONDS)
        return not shutdown.begun

    def _probe_is_due(self) -> bool:
        """One probe a period, however many threads wait: each of them writes to a store that may be full."""
        if time.monotonic() - self._probed_at < PROBE_SECONDS:
            return False
        self._probed_at = time.monotonic()
        return True

    def _probe_succeeds(self) -> bool:
        try:
            self._store.put(BREAKER_PROBE, PROBE, "text/plain")
            self._store.get(BREAKER_PROBE)
        except (StoreUnavailable, Rejected) as error:
            log.warning("waiting for the store: %s", error.message)
            return False
        return True
