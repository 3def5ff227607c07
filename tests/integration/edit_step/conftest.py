from __future__ import annotations

import threading

import pytest

from qie_batch.breaker import CircuitBreaker
from qie_batch.images import DEFAULT_LIMITS
from qie_batch.images.sandbox import DecoderPool
from qie_batch.leases import Leases
from qie_batch.steps.edit import EditContext
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import WORKER
from tests.support.painters import INPUT, PICTURE


@pytest.fixture
def store(s3):
    store = S3Store(s3.client, s3.bucket)
    store.put(f"inputs/{INPUT}", PICTURE, "image/png")
    yield store
    for stored in list(store.list("")):
        store.delete(stored.key)


@pytest.fixture(scope="session")
def decoders():
    with DecoderPool() as decoders:
        yield decoders


@pytest.fixture
def make_context(ledger, store, decoders):
    """A worker process with the engine; parts may be others."""
    made = []

    def make(engine, *, lease_seconds=60.0, **parts):
        parts = {"ledger": ledger, "store": store, "worker": WORKER, "limits": DEFAULT_LIMITS} | parts
        leases = Leases(parts["ledger"], lease_seconds)
        made.append(leases)
        return EditContext(
            engine=engine,
            device=threading.Lock(),
            leases=leases,
            breaker=CircuitBreaker(parts["store"]),
            decoders=decoders,
            **parts,
        )

    yield make
    for leases in made:
        leases.stop()
