"""A circuit breaker on the store: an outage costs time and not the attempts of every item."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.keys import BREAKER_PROBE

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore
    from qie_batch.steps.edit.shutdown import Shutdown

log = logging.getLogger(__name__)

#: Between two probes of the store.
PROBE_SECONDS = 1.0
#: Probes write, since a full store still reads. Not empty: a server may keep an empty object off its disks.
PROBE = b"probe"


class CircuitBreaker:
    """Opened by a StoreUnavailable; closed again by the first probe that succeeds."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._closed = threading.Event()
        self._closed.set()
        self._probing = threading.Lock()

    def open(self) -> None:
        self._closed.clear()

    def wait(self, shutdown: Shutdown) -> bool:
        """Return once the store answers; False if this process has to leave before that."""
        while not self._closed.is_set():
            if shutdown.begun:
                return False
            with self._probing:
                if not self._closed.is_set() and self._probe_succeeds():
                    log.info("the store is back")
                    self._closed.set()
            self._closed.wait(PROBE_SECONDS)
        return not shutdown.begun

    def _probe_succeeds(self) -> bool:
        try:
            self._store.put(BREAKER_PROBE, PROBE, "text/plain")
            self._store.get(BREAKER_PROBE)
        except (StoreUnavailable, Rejected) as error:
            log.warning("waiting for the store: %s", error.message)
            return False
        return True
