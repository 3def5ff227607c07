"""The ledger sees what cannot be true of it, and sees nothing where all is well."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from qie_batch.model import Failure
from tests.ledgers import BROKEN, POISON, add, finish, new_items, new_job, result_of, spec, start, told

WRONG = Failure(code="image_missing", reason="there is no picture")


@pytest.fixture
def busy(ledger, clock):
    """Items 0 to 5 succeeded, failed, run, are queued, were never understood, were cached."""
    specs = [spec("red"), spec("blue"), spec("green"), spec("grey"), WRONG, spec("red")]
    ledger.add_job(new_job(), new_items(*specs))
    ledger.retry_later(start(ledger), BROKEN, 1.0, 0.0)
    start(ledger, lease=60)
    clock.turn(61)
    ledger.expire_leases(3, POISON)
    ledger.release(start(ledger), 1.0)
    finish(ledger)
    ledger.fail(start(ledger, "job.1"), BROKEN, 1.0)
    start(ledger, "job.2")
    add(ledger, "pink", job_id="stopped")
    start(ledger, "stopped.0")
    ledger.cancel("stopped")
    add(ledger, "red", job_id="closed")
    ledger.close("closed")
    assert (told(ledger), told(ledger, "stopped"), told(ledger, "closed")) == ("SFrqFS", "X", "S")
    return ledger


COLUMNS = (
    "job_id, worker, engine, preset, device, hour_micros, started_at, ended_at, error_code, error, seconds,"
    " cost_micros"
)

CORRUPTIONS = {
    "its attempts are not numbered 1 to n": "UPDATE attempts SET number = 9 WHERE item_id = 'job.1'",
    "it succeeded more than once": f"INSERT INTO attempts (item_id, number, outcome, {COLUMNS})"  # noqa: S608 - ours
    f" SELECT item_id, 5, outcome, {COLUMNS} FROM attempts WHERE item_id = 'job.0' AND number = 4",
    "it succeeded but names no result": "UPDATE items SET result_key = NULL WHERE id = 'job.0'",
    "it names a result but did not succeed": "UPDATE items SET state = 'pending' WHERE id = 'job.0'",
    "it succeeded uncached without a successful attempt": "UPDATE items SET cached = (1 = 0)"
    " WHERE id = 'job.5'",
    "its attempt number is not that of its latest attempt": "UPDATE items SET attempt = 0 WHERE id = 'job.1'",
    "an ended attempt of it has no end": "UPDATE attempts SET ended_at = NULL WHERE item_id = 'job.1'",
    "it failed without a reason": "UPDATE items SET error_code = NULL WHERE id = 'job.1'",
    "an attempt runs though the item does not": "UPDATE items SET state = 'queued' WHERE id = 'job.2'",
    "it runs without an attempt that does": "UPDATE attempts SET outcome = 'lost', ended_at = 1"
    " WHERE item_id = 'job.2'",
    "it runs without a lease": "UPDATE items SET lease_until = NULL WHERE id = 'job.2'",
    "its job is closed over it": "UPDATE jobs SET state = 'closed' WHERE id = 'job'",
}


def test_a_normal_run_contradicts_nothing(busy):
    assert list(busy.contradictions()) == []


@pytest.mark.parametrize("sentence", CORRUPTIONS)
def test_planted_corruption_is_found(busy, sentence):
    with busy._db.write() as connection:
        assert connection.execute(text(CORRUPTIONS[sentence])).rowcount
    found = list(busy.contradictions())
    assert any(line.startswith("item job.") and line.endswith(f": {sentence}") for line in found), found


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
    keys = [result.cache_key for result in ledger.all_results()]
    assert keys == sorted(spec(word).cache_key for word in words)


def test_unfinished_specs_are_those_still_to_be_edited(busy):
    assert dict(busy.unfinished_specs()) == {"job.2": spec("green"), "job.3": spec("grey")}
