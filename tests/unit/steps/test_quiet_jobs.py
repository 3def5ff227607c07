"""When the tables of a reviewed job are written anew."""

from __future__ import annotations

from qie_batch.steps.quiet_jobs import LONGEST_SECONDS, QUIET_SECONDS, QuietJobs
from tests.support.ledgers import Clock


def test_a_job_is_due_once_nothing_changed_for_some_seconds():
    clock = Clock()
    jobs = QuietJobs(clock)
    assert not jobs.is_due("job", 1.0)
    clock.turn(QUIET_SECONDS - 1)
    assert not jobs.is_due("job", 2.0)
    clock.turn(QUIET_SECONDS - 1)
    assert not jobs.is_due("job", 2.0)
    clock.turn(1)
    assert jobs.is_due("job", 2.0)
    jobs.forget("job")
    assert not jobs.is_due("job", 3.0)


def test_changes_that_go_on_put_a_job_off_no_longer_than_a_minute():
    clock = Clock()
    jobs = QuietJobs(clock)
    waited = 0
    while not jobs.is_due("job", float(waited)):
        clock.turn(1)
        waited += 1
    assert waited == LONGEST_SECONDS
