from __future__ import annotations

from qie_batch.model import ItemState, JobState
from qie_batch.steps.watch import watch
from tests.support.ledgers import add


def test_a_job_is_watched_until_it_is_paused(ledger):
    add(ledger, "red", "blue")
    updates = watch(ledger.costs, "job", interval=0)
    assert next(updates).job.state is JobState.OPEN
    ledger.jobs.pause("job", "user")
    assert [progress.job.state for progress in updates] == [JobState.PAUSED]


def test_a_job_is_watched_until_it_is_closed_and_not_only_done(ledger, clock):
    add(ledger, "red", "blue")
    updates = watch(ledger.costs, "job", interval=0)
    assert next(updates).done == 0
    ledger.jobs.cancel("job")
    done = next(updates)
    assert (done.counts[ItemState.CANCELLED], done.job.state) == (2, JobState.OPEN)
    clock.turn(1)
    assert ledger.settlement.close("job", as_of=clock.now)
    assert [progress.job.state for progress in updates] == [JobState.CLOSED]
