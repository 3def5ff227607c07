"""Nothing is claimed while the store cannot be written to."""

from __future__ import annotations

import threading

from qie_batch.breaker import Breaker
from qie_batch.leases import Departure
from qie_batch.stores.s3 import S3Store
from tests.painters import BUSY, ended


class Full(S3Store):
    """Answers, and writes nothing until there is room."""

    def __init__(self, store):
        super().__init__(store._client, store._bucket)
        self.tried, self.room = threading.Event(), threading.Event()

    def put(self, key, data, content_type):
        if not self.room.is_set():
            self.tried.set()
            raise BUSY
        super().put(key, data, content_type)


def test_a_store_that_only_reads_is_waited_for(store):
    full = Full(store)
    breaker = Breaker(full)
    breaker.trip()
    thread = threading.Thread(target=breaker.wait, args=(Departure(),), daemon=True)
    thread.start()
    assert full.tried.wait(10)
    assert thread.is_alive()
    full.room.set()
    ended(thread)
    assert breaker.wait(Departure())


def test_who_leaves_does_not_wait(store):
    departure, breaker = Departure(), Breaker(Full(store))
    breaker.trip()
    departure.begin(0.0)
    assert not breaker.wait(departure)
