"""An edit that has to stop: cancelled, fenced, or in a process that exits."""

from __future__ import annotations

import time
from itertools import count

from qie_batch.steps.edit import edit
from tests.support.ledgers import WORKER, enqueue, told
from tests.support.painters import Painter, ended, in_thread, leaving, results, submit, wait_until


class Endless(Painter):
    """Steps until it is stopped."""

    def paint(self, on_step):
        for step in count(1):
            on_step(step)
            time.sleep(0.005)


def test_a_cancelled_edit_stops_at_its_next_step_and_writes_only_its_seconds(ledger, store, make_context):
    submit(ledger, "red")
    thread = in_thread("job.0", make_context(engine := Endless(), lease_seconds=0.3))
    wait_until(lambda: engine.edits, "edit")
    ledger.jobs.cancel("job")
    ended(thread)
    assert (told(ledger), results(store)) == ("X", [])
    progress = ledger.costs.progress("job")
    assert progress.seconds > 0
    assert progress.lost_micros == progress.spent_micros
    assert list(ledger.audit.contradictions()) == []


def test_an_edit_that_lost_its_lease_stops_too(ledger, store, make_context):
    submit(ledger, "red")
    thread = in_thread("job.0", make_context(engine := Endless(), lease_seconds=0.3))
    wait_until(lambda: engine.edits, "edit")
    ledger.recovery.release_worker(WORKER.name)
    taken_back = ledger.recovery.expire_leases()
    if not taken_back:  # a heartbeat was quicker, as it may be
        ledger.jobs.cancel("job")
    ended(thread)
    assert told(ledger) in ("p", "X")
    assert results(store) == []


def test_an_edit_that_cannot_end_within_the_grace_is_handed_back(ledger, store, make_context):
    submit(ledger, "red", steps=10)
    engine = leaving(make_context, told_at=3, grace=0.02)
    edit("job.0", engine.context)
    assert (told(ledger), engine.steps, results(store)) == ("p", 3, [])
    assert enqueue(ledger) == ["job.0"], "at once, without back-off"
    attempt = ledger.attempts.claim("job.0", WORKER, 60)
    assert (attempt.number, attempt.errors, attempt.crashes) == (2, 0, 0)
    assert list(ledger.audit.contradictions()) == []


def test_an_edit_that_can_end_within_the_grace_does(ledger, make_context):
    submit(ledger, "red", steps=10)
    engine = leaving(make_context, told_at=3, grace=60.0)
    edit("job.0", engine.context)
    assert (told(ledger), engine.steps) == ("S", 10)


def test_a_process_that_leaves_begins_nothing(ledger, make_context):
    submit(ledger, "red")
    context = make_context(engine := Painter())
    context.leases.shutdown.begin(0.0)
    edit("job.0", context)
    assert (told(ledger), engine.edits) == ("q", 0)
