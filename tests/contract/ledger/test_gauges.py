"""What every ledger says of all jobs together, and to which process."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qie_batch.ledger.tables import workload
from qie_batch.model import ItemState, JobState, Priority, RunState, Schedule, Workload
from tests.support.ledgers import (
    BROKEN,
    START,
    WORKER,
    WRONG,
    add,
    at_once,
    enqueue,
    finish,
    new_items,
    new_job,
    spec,
    start,
    used,
)


def group(ledger, *, interactive=False, preset="balanced", job_state=JobState.OPEN):
    (found,) = (
        each
        for each in ledger.gauges.backlog().groups
        if (each.interactive, each.preset, each.job_state) == (interactive, preset, job_state)
    )
    return found


def counts(found):
    """Without the states that no item has."""
    return {state.value: number for state, number in found.counts.items() if number}


def test_an_empty_ledger_has_no_backlog(ledger):
    backlog = ledger.gauges.backlog()
    assert (backlog.groups, backlog.now) == ((), START)
    assert backlog.jobs == dict.fromkeys(JobState, 0)
    assert ledger.gauges.latest_claims() == {}
    assert ledger.gauges.budget_used() == 0.0


def test_every_item_is_counted_in_its_state(ledger):
    rows = new_items(*map(spec, "abcd"), WRONG)
    ledger.intake.add_job(new_job(), rows)
    finish(ledger)
    start(ledger, "job.1")
    found = group(ledger)
    assert set(found.counts) == set(ItemState)
    assert counts(found) == {"succeeded": 1, "running": 1, "queued": 2, "failed": 1}


@pytest.mark.parametrize("done", range(6))
def test_counts_are_exact_however_many_items_are_done(ledger, done):
    """The state of the item in the middle is not counted but left over."""
    add(ledger, *"abcde")
    for ordinal in reversed(range(5 - done, 5)):
        finish(ledger, f"job.{ordinal}")
    found = group(ledger).counts
    waiting = found[ItemState.PENDING] + found[ItemState.QUEUED]
    assert (waiting, found[ItemState.SUCCEEDED]) == (5 - done, done)


def test_a_job_without_items_has_none(ledger):
    ledger.intake.add_job(new_job(), ())
    found = group(ledger)
    assert (counts(found), found.waiting_since) == ({}, None)


def test_jobs_of_one_kind_are_counted_together_and_others_apart(ledger):
    add(ledger, "a", "b", job_id="one")
    add(ledger, "c", job_id="two")
    add(ledger, "d", job_id="fast", preset="fast")
    add(ledger, "e", job_id="asked", priority=Priority.INTERACTIVE)
    add(ledger, "f", job_id="halted")
    ledger.jobs.pause("halted", "user")
    assert counts(group(ledger)) == {"pending": 3}
    assert counts(group(ledger, preset="fast")) == {"pending": 1}
    assert counts(group(ledger, interactive=True)) == {"pending": 1}
    assert counts(group(ledger, job_state=JobState.PAUSED)) == {"pending": 1}


def test_items_of_a_closed_job_are_no_backlog(ledger, clock):
    add(ledger, "a")
    finish(ledger)
    clock.turn(1)
    assert ledger.settlement.close("job", clock.now)
    backlog = ledger.gauges.backlog()
    assert (backlog.groups, backlog.jobs[JobState.CLOSED]) == ((), 1)


def test_an_item_waits_since_its_job_was_submitted(ledger, clock):
    add(ledger, "a", job_id="old")
    clock.turn(60)
    add(ledger, "b", job_id="new")
    assert group(ledger).waiting_since == START
    enqueue(ledger)
    assert group(ledger).waiting_since == START
    ledger.attempts.claim("old.0", WORKER, 600)
    assert group(ledger).waiting_since == START + 60


def test_an_item_that_is_tried_again_waits_since_its_delay_is_over(ledger, clock):
    add(ledger, "a")
    ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), 30.0)
    assert group(ledger).waiting_since is None
    clock.turn(40)
    assert group(ledger).waiting_since == START + 30


def test_nothing_of_a_paused_job_waits(ledger):
    add(ledger, "a")
    ledger.jobs.pause("job", "user")
    assert group(ledger, job_state=JobState.PAUSED).waiting_since is None


def test_the_latest_claim_of_an_engine_counts_whatever_came_of_it(ledger, clock):
    add(ledger, "a", "b", "c")
    finish(ledger, "job.1")
    clock.turn(10)
    ledger.attempts.fail(start(ledger, "job.2"), BROKEN, used(1.0))
    clock.turn(5)
    assert ledger.gauges.latest_claims() == {"classic": 5.0}
    start(ledger)
    assert ledger.gauges.latest_claims() == {"classic": 0.0}


def test_the_largest_share_of_a_budget_is_that_of_a_job_that_is_not_closed(ledger):
    add(ledger, "a", job_id="poor", budget_micros=4_000)
    add(ledger, "b", job_id="rich", budget_micros=1_000_000)
    add(ledger, "c", job_id="free")
    for job_id in ("poor", "rich", "free"):
        finish(ledger, f"{job_id}.0", seconds=3.0)
    assert ledger.gauges.budget_used() == pytest.approx(0.75)


def test_a_run_has_begun_while_it_is_submitted_and_once_it_ended(ledger, clock):
    ledger.schedules.add(Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog="c.csv"))
    ledger.schedules.take_run("nightly", START, 900)
    assert ledger.gauges.begun_runs(15) == {"nightly": START}
    ledger.schedules.reopen_run("nightly", START, 15)
    assert ledger.gauges.begun_runs(15) == {}
    clock.turn(20)
    ledger.schedules.end_run("nightly", START, RunState.FAILED)
    assert ledger.gauges.begun_runs(15) == {"nightly": START}


def test_one_holder_leads_until_its_lease_is_over(ledger, clock):
    assert ledger.gauges.lead("one", 20)
    assert not ledger.gauges.lead("two", 20)
    clock.turn(15)
    assert ledger.gauges.lead("one", 20)
    clock.turn(15)
    assert not ledger.gauges.lead("two", 20)
    clock.turn(6)
    assert ledger.gauges.lead("two", 20)
    assert not ledger.gauges.lead("one", 20)


def test_only_the_holder_gives_the_lease_up(ledger):
    assert ledger.gauges.lead("one", 20)
    ledger.gauges.resign("two")
    assert not ledger.gauges.lead("two", 20)
    ledger.gauges.resign("one")
    assert ledger.gauges.lead("two", 20)


def test_of_several_that_ask_at_once_one_leads(ledger):
    led = at_once(*(lambda name=name: ledger.gauges.lead(name, 20) for name in "abcd"))
    assert led.count(True) == 1


def recorded(ledger):
    """Engine, lane, items, seconds, seconds of an edit, and for how long ago, of each row."""
    with ledger._db.read() as connection:
        rows = connection.execute(select(workload).order_by(workload.c.engine, workload.c.lane)).all()
    return [(*row[:5], START - row.read_at) for row in rows]


def test_the_workload_is_there_for_an_autoscaler_to_read(ledger):
    ahead = {("qwen", False): Workload(items=3, seconds=12.0), ("qwen", True): Workload()}
    ledger.gauges.record(ahead)
    assert recorded(ledger) == [
        ("qwen", "bulk", 3, 12.0, 4.0, 0.0),
        ("qwen", "interactive", 0, 0.0, 0.0, 0.0),
    ]


def test_a_later_workload_replaces_the_earlier_and_what_is_not_read_again_grows_old(ledger, clock):
    ledger.gauges.record({("old", False): Workload(items=9, seconds=9.0)})
    ledger.gauges.record({("qwen", False): Workload(items=3, seconds=12.0)})
    clock.turn(60.0)
    ledger.gauges.record({("qwen", False): Workload(items=1, seconds=5.0)})
    assert recorded(ledger) == [("old", "bulk", 9, 9.0, 1.0, 0.0), ("qwen", "bulk", 1, 5.0, 5.0, -60.0)]
