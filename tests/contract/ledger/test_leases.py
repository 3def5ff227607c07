"""What every ledger promises about leases: ended workers lose their items, running workers keep them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger import recovery
from qie_batch.ledger.sql import SqlLedger
from qie_batch.ledger.tables import attempts
from qie_batch.model import RETRY_POLICY, Outcome
from tests.support.ledgers import (
    BROKEN,
    POISON,
    WORKER,
    Interrupted,
    add,
    enqueue,
    finish,
    result_of,
    start,
    told,
    used,
)


@pytest.fixture
def interrupted(ledger, clock):
    database = Interrupted(ledger._db.engine.url.render_as_string(hide_password=False), clock)
    yield SqlLedger(database)
    database.engine.dispose()


def outcomes(ledger):
    with ledger._db.read() as connection:
        query = select(attempts.c.outcome).order_by(attempts.c.item_id, attempts.c.number)
        return list(connection.scalars(query))


def test_a_lost_lease_is_taken_back(ledger, clock):
    add(ledger, "red")
    start(ledger, lease=60)
    clock.turn(59)
    assert ledger.recovery.expire_leases() == 0
    clock.turn(2)
    assert ledger.recovery.expire_leases() == 1
    assert ledger.recovery.expire_leases() == 0
    assert told(ledger) == "p"
    assert outcomes(ledger) == [Outcome.LOST]
    assert start(ledger).crashes == 1


def test_a_ledger_that_answers_late_takes_no_lease_for_lost(ledger, clock, monkeypatch):
    add(ledger, "red")
    start(ledger, lease=60)
    clock.turn(61)
    monkeypatch.setattr(recovery, "SLOW_QUERY_SECONDS", -1.0)
    with pytest.raises(LedgerUnavailable, match="answered late"):
        ledger.recovery.expire_leases()
    assert told(ledger) == "r"
    monkeypatch.undo()
    assert ledger.recovery.expire_leases() == 1


def test_a_renewed_lease_is_kept(ledger, clock):
    add(ledger, "red")
    attempt = start(ledger, lease=60)
    for _ in range(5):
        clock.turn(50)
        assert ledger.attempts.renew(attempt, 60, 1, used(1.0))
        assert ledger.recovery.expire_leases() == 0
    assert told(ledger) == "r"


def test_the_third_lost_lease_is_poison(ledger, clock):
    add(ledger, "red")
    for state in "ppF":
        start(ledger, lease=60)
        clock.turn(61)
        assert ledger.recovery.expire_leases() == 1
        assert told(ledger) == state
    (item,) = ledger.jobs.items("job")
    assert (item.failure, item.attempt) == (POISON, 3)
    assert outcomes(ledger) == [Outcome.LOST] * 3
    assert list(ledger.audit.contradictions()) == []


def test_passing_errors_do_not_count_as_crashes(ledger, clock):
    add(ledger, "red")
    for _ in range(5):
        ledger.attempts.retry_later(start(ledger), BROKEN, used(0.0), 0.0)
    start(ledger)
    clock.turn(61)
    ledger.recovery.expire_leases()
    assert told(ledger) == "p"


@pytest.mark.parametrize(
    ("wins", "state"),
    [
        (lambda ledger, attempt: ledger.attempts.renew(attempt, 60, 5, used(61.0)), "r"),
        (lambda ledger, attempt: ledger.attempts.succeed(attempt, result_of(attempt), used(61.0)), "S"),
        (lambda ledger, attempt: ledger.attempts.fail(attempt, BROKEN, used(61.0)), "F"),
        (lambda ledger, attempt: ledger.attempts.release(attempt, used(61.0)), "p"),
        (lambda ledger, _attempt: ledger.jobs.cancel("job"), "X"),
        (lambda ledger, _attempt: ledger.recovery.expire_leases(), "p"),
    ],
    ids=["renewed", "succeeded", "failed", "released", "cancelled", "taken back by another"],
)
def test_a_worker_that_is_late_but_quicker_than_the_sweep_wins(ledger, clock, interrupted, wins, state):
    add(ledger, "red")
    attempt = start(ledger, lease=60)
    clock.turn(61)
    interrupted._db.meanwhile = lambda: wins(ledger, attempt)
    assert interrupted.recovery.expire_leases() == 0
    assert told(ledger) == state
    assert list(ledger.audit.contradictions()) == []


def test_a_new_attempt_is_not_taken_for_the_lost_one(ledger, clock, interrupted):
    add(ledger, "red")
    start(ledger, lease=60)
    clock.turn(61)

    def lost_and_started_again():
        ledger.recovery.expire_leases()
        start(ledger, lease=60)

    interrupted._db.meanwhile = lost_and_started_again
    assert interrupted.recovery.expire_leases() == 0
    assert told(ledger) == "r"


def test_what_a_dead_process_held_is_taken_back_at_once(ledger):
    add(ledger, *"abc")
    enqueue(ledger)
    for number, name in enumerate(["dead", "dead", "alive"]):
        ledger.attempts.claim(f"job.{number}", replace(WORKER, name=name), 60)
    assert ledger.recovery.release_worker("dead") == 2
    assert ledger.recovery.expire_leases() == 2
    assert told(ledger) == "ppr"
    assert ledger.recovery.release_worker("dead") == 0
    assert ledger.recovery.release_worker("nobody") == 0


def kill(ledger):
    """The item's worker is killed from outside; whether the item was spared."""
    start(ledger)
    assert ledger.recovery.release_worker(WORKER.name, killed=True) == 1
    spared = ledger.recovery.expire_leases() == 0
    assert list(ledger.audit.contradictions()) == []
    return spared


def test_an_item_is_spared_three_kills_and_poison_after_three_more(ledger):
    add(ledger, "red")
    assert [kill(ledger) for _ in range(6)] == [True] * 3 + [False] * 3
    assert told(ledger) == "F"
    (item,) = ledger.jobs.items("job")
    assert (item.failure, item.attempt) == (POISON, 6)
    assert outcomes(ledger) == [Outcome.LOST] * 6


def test_every_loss_counts_against_what_is_spared(ledger, clock):
    add(ledger, "red")
    start(ledger)
    clock.turn(61)
    ledger.recovery.expire_leases()
    assert kill(ledger)
    ledger.attempts.retry_later(start(ledger), BROKEN, used(0.0), 0.0)
    assert [kill(ledger), kill(ledger)] == [True, False]
    assert start(ledger).crashes == 2


@pytest.mark.parametrize("end", ["poison", "failed", "preempted", "lost its result"])
def test_a_retried_item_is_spared_anew(ledger, end):
    add(ledger, "red")
    kills = [kill(ledger) for _ in range(6 if end == "poison" else 3)]
    assert kills[:3] == [True] * 3
    if end == "failed":
        ledger.attempts.fail(start(ledger), BROKEN, used(0.0))
    while end == "preempted" and told(ledger) != "F":
        ledger.attempts.release(start(ledger), used(0.0))
    if end == "lost its result":
        finish(ledger)
        (result,) = ledger.audit.results()
        ledger.audit.forget_result(result.cache_key)
    assert ledger.jobs.retry("job") == 1
    assert [kill(ledger) for _ in range(4)] == [True] * 3 + [False]
    assert start(ledger).crashes == 1


def test_what_was_handed_back_too_often_is_not_spared_a_kill(ledger):
    add(ledger, "red")
    for _ in range(RETRY_POLICY.max_preemptions - 1):
        ledger.attempts.release(start(ledger), used(0.0))
    assert [kill(ledger), kill(ledger)] == [True, False]


def test_a_kill_spares_each_item_by_its_own_losses(ledger):
    add(ledger, "red")
    for _ in range(3):
        kill(ledger)
    add(ledger, "blue", job_id="other")
    start(ledger)
    ledger.attempts.claim("other.0", WORKER, 60)
    assert ledger.recovery.release_worker(WORKER.name, killed=True) == 2
    assert (told(ledger), told(ledger, "other")) == ("r", "p")


def test_what_a_dead_process_finished_stays(ledger):
    add(ledger, "red")
    finish(ledger)
    assert ledger.recovery.release_worker(WORKER.name) == 0
    assert ledger.recovery.expire_leases() == 0
    assert told(ledger) == "S"


def test_a_worker_that_comes_back_in_time_keeps_its_item(ledger):
    """A running worker that was released keeps its item by the next heartbeat, unless a sweep came before."""
    add(ledger, "red")
    attempt = start(ledger)
    ledger.recovery.release_worker(WORKER.name)
    assert ledger.attempts.renew(attempt, 60, 1, used(1.0))
    assert ledger.recovery.expire_leases() == 0
