"""Nothing is claimed while the store cannot be written to."""

from __future__ import annotations

import threading

from qie_batch.steps.edit.breaker import CircuitBreaker
from qie_batch.steps.edit.shutdown import Shutdown
from qie_batch.stores.s3 import S3Store
from tests.support.painters import BUSY, ended


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
    breaker = CircuitBreaker(full)
    breaker.open()
    thread = threading.Thread(target=breaker.wait, args=(Shutdown(),), daemon=True)
    thread.start()
    assert full.tried.wait(10)
    assert thread.is_alive()
    full.room.set()
    ended(thread)
    assert breaker.wait(Shutdown())


def test_who_leaves_does_not_wait(store):
    shutdown, breaker = Shutdown(), CircuitBreaker(Full(store))
    breaker.open()
    shutdown.begin(0.0)
    assert not breaker.wait(shutdown)
