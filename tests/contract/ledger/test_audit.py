"""The audit reports every broken invariant of the ledger, and nothing for a sound ledger."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sqlalchemy import text

from qie_batch.ledger.contradictions import IMPOSSIBLE
from qie_batch.model import Decision, Rate
from tests.support.ledgers import (
    BROKEN,
    WORKER,
    WRONG,
    add,
    enqueue,
    finish,
    new_items,
    new_job,
    result_of,
    spec,
    start,
    told,
    used,
)


@pytest.fixture
def busy(ledger, clock):
    """Items 0 to 5 succeeded, failed, run, are queued, were never understood, were cached."""
    specs = [spec("red"), spec("blue"), spec("green"), spec("grey"), WRONG, spec("red")]
    ledger.intake.add_job(new_job(), new_items(*specs))
    ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), 0.0)
    start(ledger, lease=60)
    clock.turn(61)
    ledger.recovery.expire_leases()
    ledger.attempts.release(start(ledger), used(1.0))
    finish(ledger)
    ledger.attempts.fail(start(ledger, "job.1"), BROKEN, used(1.0))
    start(ledger, "job.2")
    add(ledger, "pink", job_id="stopped")
    start(ledger, "stopped.0")
    ledger.jobs.cancel("stopped")
    add(ledger, "red", job_id="closed")
    ledger.settlement.close("closed", clock.now + 1)
    ledger.reviews.decide("job.5", 1, Decision.APPROVED, note="", reviewer="maria")
    assert (told(ledger), told(ledger, "stopped"), told(ledger, "closed")) == ("SFrqFS", "X", "S")
    return ledger


COLUMNS = (
    "job_id, worker, engine, preset, device, hour_micros, started_at, ended_at, error_code, error, seconds,"
    " cost_micros"
)
RED = spec("red").cache_key
REVIEW = (
    "INSERT INTO reviews (item_id, job_id, version, decision, reviewer, at, before_state)"
    " VALUES ('job.0', '{}', {}, 'noted', 'Ann', 1, 'succeeded')"
)

CORRUPTIONS = {
    "job job: its items are not numbered 0 to n-1": "UPDATE items SET ordinal = 9 WHERE id = 'job.1'",
    "item job.1: its attempts are not numbered 1 to n": "UPDATE attempts SET number = 9"
    " WHERE item_id = 'job.1'",
    "item job.1: its attempt number is not that of its latest attempt": "UPDATE items SET attempt = 0"
    " WHERE id = 'job.1'",
    "job job: its state is none that there is": "UPDATE jobs SET state = 'lost' WHERE id = 'job'",
    "item job.3: its state is none that there is": "UPDATE items SET state = 'lost' WHERE id = 'job.3'",
    "item job.1: an attempt of it ended in no way that there is": "UPDATE attempts SET outcome = 'gone'"
    " WHERE item_id = 'job.1'",
    "item job.1: an ended attempt of it has no end": "UPDATE attempts SET ended_at = NULL"
    " WHERE item_id = 'job.1'",
    "item job.1: it is final but has no end": "UPDATE items SET finished_at = NULL WHERE id = 'job.1'",
    "item job.1: it failed without a reason": "UPDATE items SET error_code = NULL WHERE id = 'job.1'",
    "item job.2: its job is closed over it": "UPDATE jobs SET state = 'closed' WHERE id = 'job'",
    "item job.0: it succeeded more than once": f"INSERT INTO attempts (item_id, number, outcome, {COLUMNS})"  # noqa: S608 - ours
    f" SELECT item_id, 5, outcome, {COLUMNS} FROM attempts WHERE item_id = 'job.0' AND number = 4",
    "item job.0: it succeeded but names no result": "UPDATE items SET result_key = NULL WHERE id = 'job.0'",
    "item job.0: it names a result but did not succeed": "UPDATE items SET state = 'pending'"
    " WHERE id = 'job.0'",
    "item job.0: it names the result of another edit": "UPDATE items SET cache_key = 'ab' WHERE id = 'job.0'",
    "item job.3: it is cached but did not succeed": "UPDATE items SET cached = (1 = 1) WHERE id = 'job.3'",
    "item job.5: it succeeded uncached without a successful attempt": "UPDATE items SET cached = (1 = 0)"
    " WHERE id = 'job.5'",
    "item job.0: what was decided of it is nothing that there is": "UPDATE items SET review = 'liked'"
    " WHERE id = 'job.0'",
    "item job.1: it was approved but did not succeed": "UPDATE items SET review = 'approved'"
    " WHERE id = 'job.1'",
    "item job.0: it is rejected by its state or by its review alone": "UPDATE items SET state = 'rejected'"
    " WHERE id = 'job.0'",
    "item job.0: it was rejected without a reason": "UPDATE items SET state = 'rejected', review = 'rejected'"
    " WHERE id = 'job.0'",
    "item job.0: it succeeded without the approval that its job asks for": "UPDATE jobs"
    " SET review = 'required' WHERE id = 'job'",
    "item job.5: a decision about it is of a version that it never had": "UPDATE reviews SET version = 9",
    "item job.5: a decision about it is in another job": "UPDATE reviews SET job_id = 'closed'",
    "item job.2: an attempt runs though the item does not": "UPDATE items SET state = 'queued'"
    " WHERE id = 'job.2'",
    "item job.2: it runs without an attempt that does": "UPDATE attempts SET outcome = 'lost', ended_at = 1"
    " WHERE item_id = 'job.2'",
    "item job.2: it runs without a lease": "UPDATE items SET lease_until = NULL WHERE id = 'job.2'",
    "item job.1: an attempt of it has negative seconds, images or costs": "UPDATE attempts"
    " SET seconds = -1, cost_micros = -1000 WHERE item_id = 'job.1'",
    "item job.1: an attempt of it does not cost its seconds and images at its rate": "UPDATE attempts"
    " SET cost_micros = cost_micros + 1 WHERE item_id = 'job.1'",
    "item job.1: an attempt of it is in the sums of another job": "UPDATE attempts SET job_id = 'closed'"
    " WHERE item_id = 'job.1'",
    "item job.0: what was decided of it is nothing that there is": "UPDATE items SET review = 'liked'"
    " WHERE id = 'job.0'",
    "item job.1: it was approved but did not succeed": "UPDATE items SET review = 'approved'"
    " WHERE id = 'job.1'",
    "item job.0: it is rejected by its state or by its review alone": "UPDATE items SET state = 'rejected'"
    " WHERE id = 'job.0'",
    "item job.5: it was rejected without a reason": "UPDATE items SET state = 'rejected', review = 'rejected'"
    " WHERE id = 'job.5'",
    "item job.0: it succeeded without the approval that its job asks for": "UPDATE jobs"
    " SET review = 'required' WHERE id = 'job'",
    "item job.0: a decision about it is of a version that it never had": REVIEW.format("job", 9),
    "item job.0: a decision about it is in another job": REVIEW.format("closed", 0),
    f"result {RED}: it has negative seconds or costs": "UPDATE results SET cost_micros = -1",
}


def test_a_normal_run_contradicts_nothing(busy):
    assert list(busy.audit.contradictions()) == []


@pytest.mark.parametrize("sentence", CORRUPTIONS)
def test_planted_corruption_is_found(busy, sentence):
    with busy._db.write() as connection:
        assert connection.execute(text(CORRUPTIONS[sentence])).rowcount
    assert sentence in list(busy.audit.contradictions())


def test_every_contradiction_was_planted():
    assert {planted.partition(": ")[2] for planted in CORRUPTIONS} == {
        sentence.partition(": ")[2] for sentence in IMPOSSIBLE
    }


def test_no_price_and_no_time_is_taken_for_a_contradiction(ledger):
    """Costs are rounded in Python and checked in SQL."""
    chance = random.Random(2509)
    prices = (0, 1, 1800, 200_000, 4_000_001, 10**12)
    add(ledger, *(f"shade {number}" for number in range(60)))
    for number, item_id in enumerate(enqueue(ledger)):
        worker = replace(WORKER, rate=Rate(hour_micros=prices[number % len(prices)]))
        attempt = ledger.attempts.claim(item_id, worker, 60)
        ledger.attempts.renew(attempt, 60, 1, used(chance.choice([0.0, 0.5, 1.0, chance.uniform(0, 10)])))
        if number % 2:
            ledger.attempts.succeed(
                attempt, result_of(attempt), used(chance.choice([11.0, 13.5, chance.uniform(10, 1e5)]))
            )
    assert list(ledger.audit.contradictions()) == []


def test_every_result_is_read_page_by_page(ledger):
    words = [f"shade {number}" for number in range(1001)]
    add(ledger, *words)
    attempt = start(ledger)
    template = result_of(attempt)
    with ledger._db.write() as connection:
        row = {"sha256": template.sha256, "object_key": "results/x", "engine": "classic", "device": "cpu"}
        connection.execute(
            text(
                "INSERT INTO results (cache_key, object_key, sha256, size, width, height, engine, device,"
                " seconds, cost_micros, created_at)"
                " VALUES (:key, :object_key, :sha256, 1, 2, 3, :engine, :device, 0, 0, 0)"
            ),
            [{**row, "key": spec(word).cache_key} for word in words],
        )
    keys = [result.cache_key for result in ledger.audit.results()]
    assert keys == sorted(spec(word).cache_key for word in words)


def test_unfinished_specs_are_those_still_to_be_edited(busy):
    assert dict(busy.audit.unfinished_specs()) == {"job.2": spec("green"), "job.3": spec("grey")}


def test_a_result_is_read_by_its_key(busy):
    (result,) = busy.audit.results()
    assert busy.audit.result(RED) == result
    assert busy.audit.result(spec("blue").cache_key) is None


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("red", True), ("blue", False), ("green", True), ("grey", True), ("pink", False), ("nobody's", False)],
)
def test_wanted_is_what_has_a_result_or_will_be_edited(busy, word, wanted):
    assert busy.audit.is_wanted(spec(word).cache_key) is wanted
