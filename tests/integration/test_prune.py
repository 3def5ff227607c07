"""Old jobs and what only they have go from ledger and store, and nothing else does."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from qie_batch.errors import UsageError
from qie_batch.keys import INPUTS, JOBS, MANIFESTS, RESULTS, input_key, job_key, result_key
from qie_batch.steps.fsck import fsck
from qie_batch.steps.prune import PruneContext, prune
from tests.support.ledgers import add, checking, result_of, spec, start, told, used

DAY = 86_400.0
SEVEN = b"a result"


@pytest.fixture
def context(ledger, store):
    return PruneContext(
        pruning=ledger.pruning, audit=ledger.audit, intake=ledger.intake, clock=ledger.clock, store=store
    )


def made(ledger, store, clock, word, job_id):
    """A closed job of one item, with its objects."""
    add(ledger, word, job_id=job_id)
    if told(ledger, job_id) != "S":
        attempt = start(ledger, f"{job_id}.0")
        result = replace(result_of(attempt), size=len(SEVEN), sha256=hashlib.sha256(SEVEN).hexdigest())
        store.put(result.object_key, SEVEN, "image/png")
        assert ledger.attempts.succeed(attempt, result, used(1.0))
    for sha256 in spec(word).inputs:
        store.put(input_key(sha256), b"an image", "image/png")
    store.put(job_key(job_id, "results.csv"), b"id\n", "text/csv")
    store.put(ledger.jobs.get(job_id).manifest_key, b"id\n", "text/csv")
    clock.turn(1.0)
    assert ledger.settlement.close(job_id, clock.now)


def keys(store):
    return {stored.key for prefix in (INPUTS, JOBS, MANIFESTS, RESULTS) for stored in store.list(prefix)}


@pytest.fixture
def shop(ledger, store, clock):
    """An old job with red and one with blue; a new one that has red, too."""
    clock.now = next(store.list("")).modified
    made(ledger, store, clock, "red", "first")
    made(ledger, store, clock, "blue", "second")
    clock.turn(30 * DAY)
    made(ledger, store, clock, "red", "third")
    return ledger


def test_a_dry_run_says_what_goes_and_deletes_nothing(shop, store, context):
    before = keys(store)
    found = prune(context, 7 * DAY, dry_run=True)
    assert (found.jobs, found.items, found.results) == (("first", "second"), 2, 1)
    assert found.spent_micros > 0
    assert keys(store) == before
    assert told(shop, "first") == "S"


@pytest.mark.usefixtures("shop")
def test_what_a_dry_run_says_is_what_goes(store, context):
    said = prune(context, 7 * DAY, dry_run=True)
    before = keys(store)
    done = prune(context, 7 * DAY, dry_run=False)
    assert replace(said, dry_run=False) == done
    assert len(before) - len(keys(store)) == done.objects
    assert prune(context, 7 * DAY, dry_run=False).objects == 0


def test_a_result_that_another_job_has_stays_with_its_picture(shop, store, context):
    prune(context, 7 * DAY, dry_run=False)
    left = keys(store)
    assert result_key(spec("red").cache_key) in left
    assert result_key(spec("blue").cache_key) not in left
    assert {input_key(sha256) for sha256 in spec("red").inputs} <= left
    assert job_key("third", "results.csv") in left
    assert job_key("first", "results.csv") not in left
    assert shop.jobs.get("third").manifest_key in left
    assert fsck(checking(shop, store), repair=False).faults == ()


def test_what_a_killed_run_left_over_goes_with_the_next(shop, store, context):
    """Rows go first, so that no row names what is not there."""
    for job_id in ("first", "second"):
        assert shop.pruning.delete_job(job_id, 7 * DAY)
    for key, _ in shop.pruning.unused_results(7 * DAY):
        assert shop.pruning.delete_result(key)
    found = prune(context, 7 * DAY, dry_run=False)
    assert found.jobs == ()
    assert found.objects > 0
    assert job_key("first", "results.csv") not in keys(store)


def test_an_object_that_an_unfinished_edit_would_adopt_stays(shop, store, clock, context):
    key = spec("green").cache_key
    store.put(result_key(key), SEVEN, "image/png")
    clock.turn(30 * DAY)
    add(shop, "green", job_id="fourth")
    prune(context, 7 * DAY, dry_run=False)
    assert result_key(key) in keys(store)


def test_nothing_younger_than_a_day_is_deleted(context):
    with pytest.raises(UsageError, match="younger than a day"):
        prune(context, DAY - 1, dry_run=True)
