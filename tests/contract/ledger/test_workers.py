"""What every ledger says of the edits that run."""

from __future__ import annotations

from qie_batch.model import WorkerStart
from tests.support.ledgers import WORKER, add, enqueue, result_of, start, used


def test_a_running_attempt_is_shown_with_its_step_and_seconds(ledger, clock):
    add(ledger, "a", "b")
    attempt = start(ledger)
    clock.turn(12)
    ledger.attempts.renew(attempt, 60, 3, used(9.5))
    (edit,) = ledger.workers.running()
    assert (edit.worker, edit.engine, edit.device) == (WORKER.name, WORKER.engine, WORKER.device)
    assert (edit.job_id, edit.item_id, edit.row_id, edit.attempt) == ("job", "job.0", "sku-0", 1)
    assert (edit.step, edit.steps, edit.seconds, edit.device_seconds) == (3, None, 12.0, 9.5)


def test_what_has_ended_is_not_shown(ledger, clock):
    add(ledger, "a", "b", "c")
    attempt = start(ledger)
    ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
    start(ledger, "job.1", lease=60)
    clock.turn(61)
    ledger.recovery.expire_leases()
    start(ledger, "job.1")
    assert [(edit.item_id, edit.attempt) for edit in ledger.workers.running()] == [("job.1", 2)]


def test_a_tenant_sees_that_work_is_done_for_others_and_not_which(ledger):
    add(ledger, "a", job_id="ours", owner="acme")
    add(ledger, "b", job_id="theirs", owner="other")
    enqueue(ledger)
    for job_id in ("ours", "theirs"):
        ledger.attempts.claim(f"{job_id}.0", WORKER, 60)
    seen = ledger.owned_by("acme").workers.running()
    assert {(edit.job_id, edit.item_id, edit.row_id) for edit in seen} == {
        ("ours", "ours.0", "sku-0"),
        ("", "", ""),
    }
    assert {edit.job_id for edit in ledger.workers.running()} == {"ours", "theirs"}


def test_it_is_known_how_a_worker_process_began(ledger):
    first = WorkerStart(seconds=21.5, phases={"python": 1.25, "weights": 20.25})
    ledger.workers.began(WORKER, first)
    assert ledger.workers.starts([WORKER.name, "worker-2"]) == {WORKER.name: first}
    again = WorkerStart(seconds=3.0, phases={"weights": 2.0})
    ledger.workers.began(WORKER, again)
    assert ledger.workers.starts([WORKER.name]) == {WORKER.name: again}
    assert ledger.workers.starts([]) == {}


def test_worker_processes_of_long_ago_are_forgotten(ledger, clock):
    ledger.workers.began(WORKER, WorkerStart(seconds=1.0))
    clock.turn(100)
    assert ledger.workers.prune(100) == 0
    assert ledger.workers.prune(99) == 1
    assert ledger.workers.starts([WORKER.name]) == {}
