"""What every ledger promises about pause, resume, cancel, retry and close."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from qie_batch.errors import UsageError
from qie_batch.ledger.sql import SqlLedger
from qie_batch.model import (
    RETRY_POLICY,
    Failure,
    ItemSelection,
    ItemState,
    JobSelection,
    JobState,
    RetryPolicy,
)
from tests.support.ledgers import (
    BROKEN,
    POISON,
    SECOND_MICROS,
    START,
    WORKER,
    WRONG,
    add,
    at_once,
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

#: Whatever ended, ended before.
LATER = START + 1e6


def test_an_unknown_job_is_a_usage_error(ledger):
    with pytest.raises(UsageError, match="no job 'nobody'"):
        ledger.jobs.get("nobody")


def test_pause_recalls_what_is_queued_and_lets_run_what_runs(ledger):
    add(ledger, *"abc")
    attempt = start(ledger)
    assert told(ledger) == "rqq"
    assert ledger.jobs.pause("job", "user") is True
    assert told(ledger) == "rpp"
    assert (ledger.jobs.get("job").state, ledger.jobs.get("job").pause_reason) == (JobState.PAUSED, "user")
    assert enqueue(ledger) == []
    assert ledger.dispatch.engines_waiting() == []
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
    assert told(ledger) == "Spp"


def test_a_paused_job_is_not_paused_again(ledger):
    add(ledger, "a")
    assert ledger.jobs.pause("job", "budget") is True
    assert ledger.jobs.pause("job", "user") is False
    assert ledger.jobs.get("job").pause_reason == "budget"
    assert ledger.jobs.pause("nobody", "user") is False


def test_resume_goes_on_with_another_budget(ledger):
    add(ledger, "a", budget_micros=5)
    assert ledger.jobs.resume("job") is False
    ledger.jobs.pause("job", "budget")
    assert ledger.jobs.resume("job", 700) is True
    job = ledger.jobs.get("job")
    assert (job.state, job.pause_reason, job.order.budget_micros) == (JobState.OPEN, "", 700)
    ledger.jobs.pause("job", "user")
    ledger.jobs.resume("job")
    assert ledger.jobs.get("job").order.budget_micros == 700
    assert enqueue(ledger) == ["job.0"]


def test_cancel_ends_everything_that_is_not_final(ledger):
    add(ledger, *"abcd")
    finish(ledger)
    attempt = start(ledger, "job.1")
    assert ledger.jobs.cancel("job") == 3
    assert told(ledger) == "SXXX"
    assert ledger.attempts.renew(attempt, 60, 1, used(1.0)) is False
    assert ledger.jobs.cancel("job") == 0
    assert list(ledger.audit.contradictions()) == []
    assert ledger.costs.progress("job").lost_micros == SECOND_MICROS


def test_cancel_leaves_other_jobs_alone(ledger):
    add(ledger, "a")
    add(ledger, "b", job_id="other")
    attempt = start(ledger, "other.0")
    ledger.jobs.cancel("job")
    assert ledger.attempts.renew(attempt, 60, 1, used(1.0)) is True


def test_cancel_reopens_a_paused_job_so_that_it_can_close(ledger):
    add(ledger, "a")
    ledger.jobs.pause("job", "budget")
    ledger.jobs.cancel("job")
    assert ledger.jobs.get("job").state is JobState.OPEN
    assert [job.id for job in ledger.settlement.ready()] == ["job"]
    assert ledger.settlement.close("job", LATER) is True


def test_retry_takes_those_of_one_code_or_all_that_can_run(ledger):
    ledger.intake.add_job(new_job(), new_items(spec("a"), spec("b"), WRONG, spec("c")))
    for item_id, failure in (("job.0", BROKEN), ("job.1", POISON)):
        ledger.attempts.fail(start(ledger, item_id), failure, used(1.0))
    finish(ledger, "job.3")
    assert told(ledger) == "FFFS"
    assert ledger.jobs.retry("job", "poison") == 1
    assert told(ledger) == "FpFS"
    assert ledger.jobs.retry("job") == 1
    assert told(ledger) == "ppFS"
    assert ledger.jobs.retry("job") == 0
    assert ledger.jobs.retry("nobody") == 0
    assert list(ledger.audit.contradictions()) == []


def test_retry_starts_the_charges_anew(ledger, clock):
    add(ledger, "a")
    for _ in range(2):
        ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), 0.0)
        ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), 0.0, crash=True)
    ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), 300.0)
    clock.turn(301)
    ledger.attempts.fail(start(ledger), BROKEN, used(1.0))
    ledger.jobs.retry("job")
    again = start(ledger)
    assert (again.number, again.errors, again.crashes) == (7, 0, 0)
    (item,) = ledger.jobs.items("job")
    assert (item.failure, item.cost_micros) == (None, 6 * SECOND_MICROS)


def test_retry_reopens_a_closed_job(ledger):
    add(ledger, "a")
    ledger.attempts.fail(start(ledger), BROKEN, used(1.0))
    assert ledger.settlement.close("job", LATER)
    ledger.jobs.retry("job")
    job = ledger.jobs.get("job")
    assert (job.state, job.closed_at) == (JobState.OPEN, None)
    finish(ledger)
    assert told(ledger) == "S"


def test_a_job_is_settled_when_its_last_item_is_final(ledger, clock):
    add(ledger, "a", "b", "c")
    finish(ledger)
    assert ledger.settlement.ready() == []
    ledger.attempts.fail(start(ledger, "job.1"), BROKEN, used(1.0))
    assert ledger.settlement.close("job", LATER) is False
    assert ledger.jobs.get("job").state is JobState.OPEN
    finish(ledger, "job.2")
    assert [job.id for job in ledger.settlement.ready()] == ["job"]
    clock.turn(5)
    assert ledger.settlement.close("job", LATER) is True
    assert ledger.settlement.close("job", LATER) is False
    assert ledger.settlement.ready() == []
    job = ledger.jobs.get("job")
    assert (job.state, job.closed_at) == (JobState.CLOSED, clock.now)


def lose(ledger, clock):
    start(ledger, lease=1)
    clock.turn(2)
    SqlLedger(ledger._db, RetryPolicy(max_crashes=1)).recovery.expire_leases()


#: All the ways in which an item becomes final, again after it was retried.
ENDS = {
    "succeeded": lambda ledger, _clock: finish(ledger),
    "failed": lambda ledger, _clock: ledger.attempts.fail(start(ledger), POISON, used(1.0)),
    "was cancelled": lambda ledger, _clock: ledger.jobs.cancel("job"),
    "was lost": lose,
    "was handed back too often": lambda ledger, _clock: [
        ledger.attempts.release(start(ledger), used(1.0)) for _ in range(RETRY_POLICY.max_preemptions)
    ],
    "was cached": lambda ledger, _clock: finish(ledger, "twin.0"),
    "lost its result": lambda ledger, _clock: (
        finish(ledger) or ledger.audit.forget_result(spec("a").cache_key)
    ),
}


@pytest.mark.parametrize("seconds", [0, 1])
@pytest.mark.parametrize("end", ENDS)
def test_a_job_is_not_closed_over_tables_older_than_its_items(ledger, clock, end, seconds):
    """The item was retried while the tables were written, and ended differently."""
    add(ledger, "a")
    ledger.attempts.fail(start(ledger), BROKEN, used(1.0))
    clock.turn(1)
    as_of = ledger.costs.progress("job").now
    clock.turn(seconds)
    ledger.jobs.retry("job")
    if end == "was cached":
        ledger.jobs.pause("job", "user")
        add(ledger, "a", job_id="twin")
    ENDS[end](ledger, clock)
    assert told(ledger) in "SFX"
    assert ledger.settlement.close("job", as_of) is False
    assert [job.id for job in ledger.settlement.ready() if job.id == "job"] == ["job"]
    clock.turn(1)
    assert ledger.settlement.close("job", ledger.costs.progress("job").now) is True


def test_a_job_whose_rows_all_ended_as_it_came_in_is_closed_by_the_next_look(ledger, clock):
    ledger.intake.add_job(new_job(), new_items(WRONG, WRONG))
    assert ledger.settlement.close("job", ledger.costs.progress("job").now) is False
    clock.turn(0.001)
    assert ledger.settlement.close("job", ledger.costs.progress("job").now) is True


def test_a_job_without_rows_is_settled_at_once(ledger):
    add(ledger)
    assert [job.id for job in ledger.settlement.ready()] == ["job"]


def test_of_eight_closers_one_closes(ledger):
    add(ledger)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: ledger.settlement.close("job", LATER), range(8))) == [False] * 7 + [
            True
        ]


def test_a_retry_beside_the_close_is_never_shut_in(ledger):
    """An item of a closed job would stay pending for ever, as nothing is queued for a closed job."""
    for number in range(20):
        job_id = f"job-{number}"
        add(ledger, job_id, job_id=job_id)
        ledger.attempts.fail(start(ledger, f"{job_id}.0"), BROKEN, used(1.0))
        at_once(partial(ledger.settlement.close, job_id, LATER), partial(ledger.jobs.retry, job_id))
        assert ledger.jobs.get(job_id).state is JobState.OPEN


def test_a_claim_beside_a_cancel_is_cancelled_or_refused(ledger):
    for number in range(20):
        job_id = f"job-{number}"
        add(ledger, job_id, job_id=job_id)
        enqueue(ledger)
        at_once(
            partial(ledger.attempts.claim, f"{job_id}.0", WORKER, 60), partial(ledger.jobs.cancel, job_id)
        )
        assert told(ledger, job_id) == "X"
    assert list(ledger.audit.contradictions()) == []


def test_items_are_selected_by_state_code_row_and_place(ledger):
    failures = {"b": "image_missing"}
    ledger.intake.add_job(
        new_job(), [failed_or_new(item, failures) for item in new_items(*map(spec, "abcde"))]
    )

    def ids(**wanted) -> list[str]:
        return [item.id for item in ledger.jobs.items("job", ItemSelection(**wanted))]

    assert ids(states=frozenset({ItemState.FAILED})) == ids(code="image_missing") == ["job.1"]
    assert ids(id="job.3") == ["job.3"]
    assert ids(after=2) == ["job.3", "job.4"]
    assert ids(states=frozenset({ItemState.PENDING}), page=1) == ["job.0", "job.2", "job.3", "job.4"]
    assert ids(row_id="nobody") == []


def failed_or_new(item, failures):
    code = failures.get("abcde"[item.ordinal])
    if not code:
        return item
    return replace(item, spec_text=None, cache_key=None, failure=Failure(code=code, reason="it is not there"))


def test_jobs_are_read_page_by_page_newest_first(ledger, clock):
    for name in "abc":
        clock.turn(1)
        add(ledger, name, job_id=name)
    add(ledger, "d", job_id="d")  # at the same moment as c
    pages = [["d", "c"], ["b", "a"], []]
    before = ""
    for page in pages:
        found = [job.id for job in ledger.jobs.latest(JobSelection(limit=2, before=before))]
        assert found == page
        before = found[-1] if found else ""
    assert ledger.jobs.latest(JobSelection(states=frozenset({JobState.CLOSED}))) == []


def test_a_budget_is_set_until_the_job_is_closed(ledger):
    add(ledger, "a")
    assert ledger.jobs.set_budget("job", 5)
    assert ledger.jobs.get("job").order.budget_micros == 5
    assert ledger.jobs.set_budget("job", None)
    assert ledger.jobs.get("job").order.budget_micros is None
    assert not ledger.owned_by("other").jobs.set_budget("job", 7)
    ledger.jobs.cancel("job")
    ledger.settlement.close("job", as_of=ledger.clock.now() + 1)
    assert not ledger.jobs.set_budget("job", 7)
