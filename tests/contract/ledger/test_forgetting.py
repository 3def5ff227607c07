"""What every ledger promises for a result missing in the store: no item has the result, and a retry edits."""

from __future__ import annotations

from functools import partial

import pytest

from qie_batch.model import ItemState, JobState
from tests.support.ledgers import (
    BROKEN,
    SECOND_MICROS,
    START,
    add,
    at_once,
    finish,
    result_of,
    spec,
    start,
    told,
    used,
)

RED = spec("red").cache_key
LATER = START + 1e6


@pytest.fixture
def shared(ledger):
    """Red was made in one job and found in another; both are closed."""
    add(ledger, "red", "blue")
    finish(ledger, seconds=2.0)
    finish(ledger, "job.1")
    add(ledger, "red", job_id="other")
    for job_id in ("job", "other"):
        assert ledger.settlement.close(job_id, LATER)
    return ledger


def test_items_of_a_forgotten_result_failed_and_say_what_to_do(shared):
    assert shared.audit.forget_result(RED) == ["job", "other"]
    assert (told(shared), told(shared, "other")) == ("FS", "F")
    for job_id in ("job", "other"):
        item = next(shared.jobs.items(job_id))
        assert (item.failure.code, item.result, item.cached) == ("result_lost", None, False)
        assert "retry the job's failed rows" in item.failure.reason
    assert shared.audit.result(RED) is None
    assert not shared.audit.is_wanted(RED)
    assert list(shared.audit.contradictions()) == []


def test_what_a_forgotten_result_cost_was_spent_in_vain(shared):
    shared.audit.forget_result(RED)
    progress = shared.costs.progress("job")
    assert (progress.spent_micros, progress.lost_micros) == (3 * SECOND_MICROS, 2 * SECOND_MICROS)
    other = shared.costs.progress("other")
    assert (other.saved_micros, other.cached) == (0, 0)
    assert shared.costs.history("classic", "balanced").edits == 1


def test_what_never_was_is_not_forgotten(shared):
    assert shared.audit.forget_result(spec("pink").cache_key) == []
    assert (told(shared), told(shared, "other")) == ("SS", "S")


def test_a_forgotten_result_is_made_again_on_retry(shared):
    shared.audit.forget_result(RED)
    for job_id in ("job", "other"):
        assert shared.jobs.retry(job_id, "result_lost") == 1
        assert shared.jobs.get(job_id).state is JobState.OPEN
    finish(shared)
    assert (told(shared), told(shared, "other")) == ("SS", "S")
    (remade,) = [item for item in shared.jobs.items("job") if item.spec == spec("red")]
    assert (remade.attempt, remade.cached, remade.result.cost_micros) == (2, False, SECOND_MICROS)
    assert list(shared.audit.contradictions()) == []
    assert shared.audit.forget_result(RED) == ["job", "other"]
    assert list(shared.audit.contradictions()) == []


def test_an_item_that_succeeds_beside_it_has_a_result_or_failed(ledger):
    """A failed twin was retried: it runs though there is a result."""
    for number in range(20):
        word, job_id, twin = f"shade {number}", f"job-{number}", f"twin-{number}"
        add(ledger, word, job_id=twin)
        ledger.attempts.fail(start(ledger, f"{twin}.0"), BROKEN, used(0.0))
        add(ledger, word, job_id=job_id)
        finish(ledger, f"{job_id}.0")
        ledger.jobs.retry(twin)
        again = start(ledger, f"{twin}.0")
        _, held = at_once(
            partial(ledger.audit.forget_result, spec(word).cache_key),
            partial(ledger.attempts.succeed, again, result_of(again), used(1.0)),
        )
        assert held is True
        assert told(ledger, job_id) == "F"
        assert (told(ledger, twin) == "S") is (ledger.audit.result(spec(word).cache_key) is not None)
    assert list(ledger.audit.contradictions()) == []


def test_a_job_that_comes_in_beside_it_finds_the_result_or_makes_it(ledger):
    for number in range(20):
        word, job_id, twin = f"shade {number}", f"job-{number}", f"twin-{number}"
        add(ledger, word, job_id=job_id)
        finish(ledger, f"{job_id}.0")
        at_once(
            partial(ledger.audit.forget_result, spec(word).cache_key),
            partial(add, ledger, word, job_id=twin),
        )
        (item,) = ledger.jobs.items(twin)
        assert item.state in (ItemState.PENDING, ItemState.FAILED)
    assert list(ledger.audit.contradictions()) == []
