"""What every ledger promises about an attempt: one winner, and only the latest may write."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from qie_batch.model import RETRY_POLICY, Failure, ItemState
from tests.support.ledgers import (
    BROKEN,
    SECOND_MICROS,
    WORKER,
    add,
    at_once,
    enqueue,
    finish,
    result_of,
    start,
    told,
    used,
)


@pytest.fixture
def attempt(ledger):
    """The first attempt at the only item."""
    add(ledger, "red")
    return start(ledger)


ENDINGS = {
    "succeed": lambda ledger, attempt, seconds: ledger.attempts.succeed(
        attempt, result_of(attempt), used(seconds)
    ),
    "fail": lambda ledger, attempt, seconds: ledger.attempts.fail(attempt, BROKEN, used(seconds)),
    "retry": lambda ledger, attempt, seconds: ledger.attempts.retry_later(
        attempt, BROKEN, used(seconds), 9.0
    ),
    "crash": lambda ledger, attempt, seconds: ledger.attempts.retry_later(
        attempt, BROKEN, used(seconds), 9.0, crash=True
    ),
    "release": lambda ledger, attempt, seconds: ledger.attempts.release(attempt, used(seconds)),
    "renew": lambda ledger, attempt, seconds: ledger.attempts.renew(attempt, 60.0, 3, used(seconds)),
}


def test_of_sixteen_claims_one_wins(ledger):
    add(ledger, "red")
    enqueue(ledger)
    together = threading.Barrier(16)

    def claim(number):
        together.wait()
        return ledger.attempts.claim("job.0", replace(WORKER, name=f"worker-{number}"), 60)

    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(claim, range(16)))
    (winner,) = [claim for claim in claims if claim]
    assert winner.number == 1
    assert ledger.costs.progress("job").attempts == 1


def test_an_attempt_knows_what_to_do(ledger, attempt):
    (item,) = ledger.jobs.items("job")
    assert attempt.spec == item.spec
    assert (attempt.item_id, attempt.number, attempt.row_id) == ("job.0", 1, "sku-0")
    assert (attempt.rate, attempt.errors, attempt.crashes) == (WORKER.rate, 0, 0)


def test_what_is_not_queued_is_not_claimed(ledger):
    add(ledger, "red")
    assert ledger.attempts.claim("job.0", WORKER, 60) is None
    assert ledger.attempts.claim("nobody.0", WORKER, 60) is None
    finish(ledger)
    assert ledger.attempts.claim("job.0", WORKER, 60) is None


@pytest.mark.parametrize(
    "stop", [lambda ledger: ledger.jobs.pause("job", "user"), lambda ledger: ledger.jobs.cancel("job")]
)
def test_a_stopped_job_is_not_claimed(ledger, stop):
    add(ledger, "red")
    enqueue(ledger)
    stop(ledger)
    assert ledger.attempts.claim("job.0", WORKER, 60) is None


def test_another_engine_claims_nothing(ledger):
    add(ledger, "red")
    enqueue(ledger)
    assert ledger.attempts.claim("job.0", replace(WORKER, engine="qwen"), 60) is None
    assert told(ledger) == "q"


@pytest.mark.parametrize(("ending", "state"), [*zip(ENDINGS, "SFpppr", strict=True)])
def test_the_holder_may_write(ledger, attempt, ending, state):
    assert ENDINGS[ending](ledger, attempt, 2.0) is True
    (item,) = ledger.jobs.items("job")
    assert told(ledger) == state
    assert (item.seconds, item.cost_micros) == (2.0, 2 * SECOND_MICROS)
    assert item.failure == (BROKEN if ending == "fail" else None)
    assert list(ledger.audit.contradictions()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_zombie_changes_nothing_but_its_seconds(ledger, clock, attempt, ending):
    clock.turn(61)
    ledger.recovery.expire_leases()
    second = start(ledger)
    before = list(ledger.jobs.items("job"))
    assert ENDINGS[ending](ledger, attempt, 5.0) is False
    (after,) = ledger.jobs.items("job")
    assert before == [replace(after, seconds=0.0, cost_micros=0)]
    assert (after.seconds, after.cost_micros) == (5.0, 5 * SECOND_MICROS)
    assert ledger.intake.known_results([attempt.spec.cache_key]) == set()
    assert ledger.attempts.renew(second, 60.0, 1, used(1.0))
    assert list(ledger.audit.contradictions()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_attempt_ends_once(ledger, attempt, ending):
    finish_first = ENDINGS["succeed"]
    assert finish_first(ledger, attempt, 1.0)
    assert ENDINGS[ending](ledger, attempt, 1.0) is False
    assert told(ledger) == "S"
    assert list(ledger.audit.contradictions()) == []


def test_a_late_heartbeat_takes_no_seconds_away(ledger, attempt):
    """The thread that beats read the seconds before the edit ended, and wrote them after."""
    ledger.attempts.succeed(attempt, result_of(attempt), used(5.0))
    ledger.attempts.renew(attempt, 60.0, 3, used(4.5))
    (item,) = ledger.jobs.items("job")
    assert (item.seconds, item.cost_micros) == (5.0, item.result.cost_micros)


def test_a_heartbeat_and_the_end_do_not_block_one_another(ledger):
    """On PostgreSQL two transactions that lock item and attempt in different orders would."""
    add(ledger, *(f"shade {number}" for number in range(30)))
    for item_id in enqueue(ledger):
        attempt = ledger.attempts.claim(item_id, WORKER, 60)
        _, succeeded = at_once(
            partial(ledger.attempts.renew, attempt, 60.0, 1, used(1.0)),
            partial(ledger.attempts.succeed, attempt, result_of(attempt), used(2.0)),
        )
        assert succeeded
    assert list(ledger.audit.contradictions()) == []


def test_seconds_spent_in_vain_are_accounted(ledger, attempt):
    ledger.jobs.cancel("job")
    ledger.attempts.account(attempt, used(4.0))
    assert ledger.costs.progress("job").lost_micros == 4 * SECOND_MICROS


def test_success_is_found_again_by_its_key(ledger, attempt):
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(2.0))
    key = attempt.spec.cache_key
    assert ledger.intake.known_results([key, "00"]) == {key}
    (item,) = ledger.jobs.items("job")
    expected = replace(result_of(attempt), seconds=2.0, cost_micros=2 * SECOND_MICROS)
    assert item.result == expected
    assert list(ledger.audit.results()) == [expected]


def test_the_first_result_of_a_key_stays(ledger, attempt):
    """A failed twin is retried and gives the bytes that the other one found in the store."""
    ledger.attempts.fail(attempt, BROKEN, used(1.0))
    add(ledger, "red", job_id="other")
    finish(ledger, "other.0", seconds=1.0)
    ledger.jobs.retry("job")
    again = start(ledger)
    assert ledger.attempts.succeed(again, replace(result_of(again), device="another"), used(9.0))
    (result,) = ledger.audit.results()
    assert (result.device, result.seconds) == ("cpu", 1.0)


@pytest.mark.parametrize("crash", [False, True])
def test_what_passes_is_charged_and_retried_later(ledger, clock, attempt, crash):
    ledger.attempts.retry_later(attempt, BROKEN, used(1.0), 10.0, crash=crash)
    assert enqueue(ledger) == []
    clock.turn(10.1)
    second = start(ledger)
    assert (second.number, second.errors, second.crashes) == (2, int(not crash), int(crash))


def test_what_is_handed_back_is_not_charged_and_goes_at_once(ledger, attempt):
    ledger.attempts.release(attempt, used(1.0))
    second = start(ledger)
    assert (second.number, second.errors, second.crashes) == (2, 0, 0)


def test_what_is_handed_back_too_often_failed_for_good(ledger):
    add(ledger, "red")
    for _ in range(RETRY_POLICY.max_preemptions - 1):
        assert ledger.attempts.release(start(ledger), used(1.0))
        assert told(ledger) == "p"
    assert ledger.attempts.release(start(ledger), used(1.0))
    (item,) = ledger.jobs.items("job")
    assert (item.state, item.failure, item.attempt) == (
        ItemState.FAILED,
        RETRY_POLICY.preempted,
        RETRY_POLICY.max_preemptions,
    )
    assert ledger.costs.progress("job").lost_micros == RETRY_POLICY.max_preemptions * SECOND_MICROS
    assert list(ledger.audit.contradictions()) == []


def test_retry_counts_what_is_handed_back_anew(ledger):
    add(ledger, "red")
    for _ in range(RETRY_POLICY.max_preemptions):
        ledger.attempts.release(start(ledger), used(0.0))
    assert ledger.jobs.retry("job", "preempted") == 1
    ledger.attempts.release(start(ledger), used(0.0))
    assert told(ledger) == "p"
    finish(ledger)
    assert told(ledger) == "S"


def test_a_success_forgets_the_errors_before(ledger, attempt):
    ledger.attempts.retry_later(attempt, BROKEN, used(1.0), 0.0)
    finish(ledger)
    (item,) = ledger.jobs.items("job")
    assert (item.state, item.failure) == (ItemState.SUCCEEDED, None)


def test_a_long_reason_in_any_script_is_kept(ledger, attempt):
    failure = Failure(code="rejected", reason="色" * 5000 + "'; DROP TABLE items; --")
    ledger.attempts.fail(attempt, failure, used(0.0))
    (item,) = ledger.jobs.items("job")
    assert item.failure == failure
