"""Claim nothing while the store is away: an outage then costs time, not the tries of every item."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.keys import BREAKER_PROBE

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore
    from qie_batch.leases import Shutdown

log = logging.getLogger(__name__)

#: Between two looks whether the store is back.
PROBE_SECONDS = 1.0
#: Written: a store that is full still reads. Not empty: a server may keep an empty object without its disks.
PROBE = b"probe"


class CircuitBreaker:
    """Tripped by a StoreUnavailable; closed again by the first probe that is answered."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._closed = threading.Event()
        self._closed.set()
        self._probing = threading.Lock()

    def trip(self) -> None:
        self._closed.clear()

    def wait(self, shutdown: Shutdown) -> bool:
        """Return once the store answers; False if this process has to leave before that."""
        while not self._closed.is_set():
            if shutdown.begun:
                return False
            with self._probing:
                if not self._closed.is_set() and self._answers():
                    log.info("the store is back")
                    self._closed.set()
            self._closed.wait(PROBE_SECONDS)
        return not shutdown.begun

    def _answers(self) -> bool:
        try:
            self._store.put(BREAKER_PROBE, PROBE, "text/plain")
            self._store.get(BREAKER_PROBE)
        except (StoreUnavailable, Rejected) as error:
            log.warning("waiting for the store: %s", error.message)
            return False
        return True
