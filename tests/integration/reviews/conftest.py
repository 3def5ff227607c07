from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.images.sandbox import DecoderPool
from qie_batch.keys import result_key
from qie_batch.model import JobOrder, Rate, Worker
from tests.support.ledgers import SECOND_MICROS, result_of, used
from tests.support.submitting import closing_ledger, services, submitted


@pytest.fixture
def settings(stack, s3, tmp_path):
    """Of the S3 server of the tests, and a ledger on SQLite."""
    with services(stack, s3, tmp_path) as settings:
        yield settings


@pytest.fixture
def ledger(settings):
    with closing_ledger(settings) as ledger:
        yield ledger
        assert list(ledger.audit.contradictions()) == []


@pytest.fixture(scope="session")
def decoders():
    with DecoderPool() as decoders:
        yield decoders


@pytest.fixture
def enter(tmp_path, ledger, settings):
    """Submits a catalog of so many rows."""

    def enter(rows=3, instruction="make it brighter", **order):
        Image.new("RGB", (1024, 1024), "red").save(tmp_path / "shoe.png")
        lines = (f"sku-{number},shoe.png,{instruction} by {number + 5} %" for number in range(rows))
        path = tmp_path / "catalog.csv"
        path.write_text("\n".join(("id,image,instruction", *lines, "")))
        return submitted(path, ledger, settings, JobOrder(**{"engine": "classic", **order}))

    return enter


@pytest.fixture
def work(ledger, settings):
    """Finishes what is queued, with findings; an edit takes so many seconds."""
    store = wiring.store(settings)

    def work(*findings, engine="classic", seconds=1.0):
        worker = Worker(
            name="worker-1", engine=engine, device="cpu", rate=Rate(hour_micros=3600 * SECOND_MICROS)
        )
        for message in ledger.dispatch.enqueue(engine, 100, {}):
            attempt = ledger.attempts.claim(message.item_id, worker, 60.0)
            key = result_key(attempt.spec.cache_key)
            data = _png(attempt.spec.cache_key)
            store.put_new(key, data, "image/png")
            found = replace(
                result_of(attempt),
                object_key=key,
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                findings=findings,
            )
            assert ledger.attempts.succeed(attempt, found, used(seconds))

    return work


def _png(key):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), f"#{key[:6]}").save(file, "PNG")
    return file.getvalue()
