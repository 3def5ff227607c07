"""The figures over all jobs, and the lease of the process that reads them."""

from __future__ import annotations

from qie_batch.model import ItemState, JobState, Priority
from tests.support.ledgers import WORKER, add, result_of, start, used

LEASE = 30.0


def group(ledger, *, interactive=False):
    (found,) = (each for each in ledger.gauges.backlog().groups if each.interactive == interactive)
    return found


def test_one_process_leads_until_its_lease_ends(ledger, clock):
    assert ledger.gauges.lead("one", LEASE)
    assert not ledger.gauges.lead("two", LEASE)
    clock.turn(LEASE / 2)
    assert ledger.gauges.lead("one", LEASE)
    clock.turn(LEASE + 1)
    assert ledger.gauges.lead("two", LEASE)
    assert not ledger.gauges.lead("one", LEASE)


def test_who_resigns_makes_room_and_nobody_resigns_for_another(ledger):
    ledger.gauges.lead("one", LEASE)
    ledger.gauges.resign("two")
    assert not ledger.gauges.lead("two", LEASE)
    ledger.gauges.resign("one")
    assert ledger.gauges.lead("two", LEASE)


def test_items_are_counted_by_state(ledger):
    add(ledger, "a", "b", "c", "d")
    attempt = start(ledger)
    ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
    start(ledger, "job.1")
    counts = group(ledger).counts
    assert counts[ItemState.SUCCEEDED] == counts[ItemState.RUNNING] == 1
    assert counts[ItemState.PENDING] + counts[ItemState.QUEUED] == 2
    assert sum(counts.values()) == 4


def test_lanes_are_counted_apart(ledger):
    add(ledger, "a", "b")
    add(ledger, "c", job_id="now", priority=Priority.INTERACTIVE)
    assert sum(group(ledger).counts.values()) == 2
    assert sum(group(ledger, interactive=True).counts.values()) == 1


def test_the_oldest_wait_is_that_of_an_item_that_could_run(ledger, clock):
    add(ledger, "a")
    clock.turn(50)
    backlog = ledger.gauges.backlog()
    assert backlog.now - group(ledger).waiting_since == 50
    start(ledger)
    assert group(ledger).waiting_since is None


def test_a_paused_job_waits_for_a_person_and_not_for_a_worker(ledger, clock):
    add(ledger, "a")
    ledger.jobs.pause("job", "user")
    clock.turn(50)
    assert group(ledger).job_state is JobState.PAUSED
    assert group(ledger).waiting_since is None


def test_the_latest_claim_is_known_by_engine(ledger, clock):
    assert ledger.gauges.latest_claims() == {}
    add(ledger, "a", "b")
    start(ledger)
    clock.turn(10)
    start(ledger, "job.1")
    clock.turn(7)
    assert ledger.gauges.latest_claims() == {WORKER.engine: 7.0}


def test_the_largest_share_of_a_budget_is_that_of_a_job_that_goes_on(ledger):
    assert ledger.gauges.budget_used() == 0.0
    add(ledger, "a", budget_micros=10_000)
    add(ledger, "b", job_id="free")
    attempt = start(ledger)
    ledger.attempts.renew(attempt, 60, 1, used(4.0))
    assert ledger.gauges.budget_used() == 0.4


def test_a_run_that_was_taken_has_begun_and_one_that_is_to_be_tried_again_has_not(ledger):
    ledger.schedules.take_run("nightly", 100.0, 60.0)
    assert ledger.gauges.begun_runs(15.0) == {"nightly": 100.0}
    ledger.schedules.reopen_run("nightly", 100.0, 15.0)
    assert ledger.gauges.begun_runs(15.0) == {}
