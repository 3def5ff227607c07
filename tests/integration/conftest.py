from __future__ import annotations

import pytest

from qie_batch.images import DEFAULT_LIMITS
from qie_batch.images.sandbox import DecoderPool
from qie_batch.model import RETRY_POLICY
from qie_batch.steps.edit import Device, EditContext, LeaseKeeper
from qie_batch.steps.edit.breaker import CircuitBreaker
from qie_batch.steps.edit.events import log_outcome
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import WORKER, Clock, open_ledger
from tests.support.painters import IMAGE, INPUT


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    """On SQLite, with time that the test turns."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock)
    yield ledger
    ledger.dispose()


@pytest.fixture
def store(s3):
    store = S3Store(s3.client, s3.bucket)
    store.put(f"inputs/{INPUT}", IMAGE, "image/png")
    yield store
    for stored in list(store.list("")):
        store.delete(stored.key)


@pytest.fixture(scope="session")
def decoders():
    with DecoderPool() as decoders:
        yield decoders


@pytest.fixture
def make_context(ledger, store, decoders):
    """An EditContext; keyword arguments replace its parts."""
    made = []

    def make(engine, *, lease_seconds=60.0, **parts):
        defaults = {
            "attempts": ledger.attempts,
            "store": store,
            "worker": WORKER,
            "limits": DEFAULT_LIMITS,
            "decoders": decoders,
            "policy": RETRY_POLICY,
            "observe": log_outcome,
            "hang_seconds": 120.0,
        }
        parts = defaults | parts
        leases = LeaseKeeper(parts["attempts"], lease_seconds)
        made.append(leases)
        return EditContext(
            engine=engine,
            device=Device(),
            leases=leases,
            breaker=CircuitBreaker(parts["store"]),
            **parts,
        )

    yield make
    for leases in made:
        leases.stop()
