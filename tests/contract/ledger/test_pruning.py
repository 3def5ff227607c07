"""What every ledger deletes of old jobs, and what it keeps."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from qie_batch.ledger import pruning
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import RunState
from tests.support.ledgers import BROKEN, add, finish, spec, start, told, used

DAY = 86_400.0
RED = spec("red").cache_key


def count(ledger, table):
    with ledger._db.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def closed(ledger, clock, *words, job_id="job"):
    """A job whose items have all succeeded."""
    add(ledger, *words, job_id=job_id)
    for number, _ in enumerate(words):
        if told(ledger, job_id)[number] != "S":
            finish(ledger, f"{job_id}.{number}")
    clock.turn(1.0)
    assert ledger.settlement.close(job_id, clock.now)


@pytest.fixture
def old(ledger, clock):
    closed(ledger, clock, "red", "blue")
    clock.turn(10 * DAY)
    return ledger


def test_a_job_is_old_once_it_is_closed_for_so_long(old):
    (found,) = old.pruning.old_jobs(9 * DAY)
    assert (found.id, found.items, found.spent_micros > 0) == ("job", 2, True)
    assert old.pruning.old_jobs(11 * DAY) == []


def test_an_open_job_is_never_old(ledger, clock):
    add(ledger, "red")
    clock.turn(100 * DAY)
    assert ledger.pruning.old_jobs(DAY) == []
    assert not ledger.pruning.delete_job("job", DAY)
    assert told(ledger) == "p"


def test_a_deleted_job_leaves_no_row_of_its_own_and_no_contradiction(old, clock):
    closed(old, clock, "green", job_id="new")
    assert old.pruning.delete_job("job", DAY)
    assert [count(old, table) for table in (jobs, items, attempts)] == [1, 1, 1]
    assert list(old.audit.contradictions()) == []
    assert not old.pruning.delete_job("job", DAY), "it is gone"


def test_a_deletion_that_ends_in_the_middle_leaves_a_job_that_the_next_one_deletes(old, monkeypatch):
    monkeypatch.setattr(pruning, "CHUNK", 1)
    whole, passed = pruning._delete_items, []

    def once(connection, job_id):
        if passed:
            raise KeyboardInterrupt
        passed.append(job_id)
        return whole(connection, job_id)

    monkeypatch.setattr(pruning, "_delete_items", once)
    with pytest.raises(KeyboardInterrupt):
        old.pruning.delete_job("job", DAY)
    assert (told(old), list(old.audit.contradictions())) == ("S", [])
    monkeypatch.setattr(pruning, "_delete_items", whole)
    assert old.pruning.delete_job("job", DAY)
    assert count(old, items) == 0


def test_a_job_that_was_opened_again_stays(ledger, clock):
    add(ledger, "red", "blue")
    finish(ledger)
    assert ledger.attempts.fail(start(ledger, "job.1"), BROKEN, used(1.0))
    clock.turn(1.0)
    assert ledger.settlement.close("job", clock.now)
    clock.turn(10 * DAY)
    assert [job.id for job in ledger.pruning.old_jobs(DAY)] == ["job"]
    assert ledger.jobs.retry("job") == 1
    assert not ledger.pruning.delete_job("job", DAY)
    assert told(ledger) == "Sp"


def test_a_result_stays_while_an_item_of_another_job_has_it(old, clock):
    closed(old, clock, "red", job_id="new")
    old.pruning.delete_job("job", DAY)
    unused = dict(old.pruning.unused_results(DAY))
    assert set(unused) == {spec("blue").cache_key}
    assert not old.pruning.delete_result(RED)
    assert old.pruning.delete_result(spec("blue").cache_key)
    assert count(old, results) == 1


def test_before_a_deletion_the_results_are_known_that_would_be_unused(old):
    assert list(old.pruning.unused_results(DAY)) == []
    found = dict(old.pruning.unused_results(DAY, besides={"job"}))
    assert set(found) == {RED, spec("blue").cache_key}


def test_a_young_result_without_items_stays(old, clock):
    add(old, "green", job_id="new")
    finish(old, "new.0")
    clock.turn(1.0)
    found = dict(old.pruning.unused_results(DAY, besides={"job", "new"}))
    assert set(found) == {RED, spec("blue").cache_key}


def test_the_job_of_the_latest_run_of_a_schedule_stays(ledger, clock):
    for number, due in enumerate((1000.0, 2000.0)):
        closed(ledger, clock, f"word {number}", job_id=f"run-{number}")
        assert ledger.schedules.take_run("nightly", due, 60.0)
        ledger.schedules.end_run("nightly", due, RunState.SUBMITTED, job_id=f"run-{number}")
    clock.turn(100 * DAY)
    assert [job.id for job in ledger.pruning.old_jobs(DAY)] == ["run-0"]


def test_the_images_of_jobs_are_those_of_their_items(old):
    assert set(old.pruning.inputs(["job"])) == set(spec("red").inputs)
    assert list(old.pruning.inputs([])) == []
    assert set(old.pruning.kept_jobs()) == {"job"}


def test_an_item_that_runs_keeps_its_job(ledger, clock):
    add(ledger, "red")
    start(ledger)
    clock.turn(100 * DAY)
    assert not ledger.pruning.delete_job("job", DAY)
