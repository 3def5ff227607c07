from __future__ import annotations

import io

import pytest

from qie_batch.keys import UPLOADS
from qie_batch.model import KnownRequest, WorkerStart
from qie_batch.steps.housekeeping import PAUSE_SECONDS, STARTS_SECONDS, Housekeeping
from qie_batch.steps.uploads import KEPT_SECONDS, SentFile, TakeContext, UploadLimits, take
from qie_batch.steps.uploads.submitting import REMEMBERED_SECONDS
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import WORKER


@pytest.fixture
def store(s3):
    store = S3Store(s3.client, s3.bucket)
    yield store
    for stored in list(store.list("")):
        store.delete(stored.key)


def test_yesterday_goes_once_in_a_while(store, ledger, clock):
    limits = UploadLimits(max_files=9, max_bytes=9, max_image_bytes=9)
    context = TakeContext(store=store, limits=limits, now=0.0)
    take([SentFile(name="a", file=io.BytesIO(b"a"))], "acme", context)
    clock.now = next(store.list(UPLOADS)).modified
    ledger.requests.remember(KnownRequest(key="k", fingerprint="f", job_id="j"), REMEMBERED_SECONDS)
    ledger.workers.began(WORKER, WorkerStart(seconds=9.0))
    passed = [0.0]
    housekeeping = Housekeeping(
        store=store,
        schedules=ledger.schedules,
        requests=ledger.requests,
        workers=ledger.workers,
        clock=ledger.clock,
        monotonic=lambda: passed[0],
    )
    assert housekeeping.run_if_due() == 0
    clock.now += max(KEPT_SECONDS, REMEMBERED_SECONDS, STARTS_SECONDS) + 60
    assert housekeeping.run_if_due() == 0
    passed[0] += PAUSE_SECONDS
    assert housekeeping.run_if_due() == 4
    assert ledger.workers.starts([WORKER.name]) == {}
    assert list(store.list(UPLOADS)) == []
