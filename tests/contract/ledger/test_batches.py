from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch.errors import NotFound
from qie_batch.model import Batch, BatchFault, BatchState, RequestCounts
from tests.support.ledgers import WRONG, add, at_once, finish, new_items, new_job, spec

LEASE = 60.0


def batch(batch_id="batch_1", owner="acme", **more):
    return Batch(id=batch_id, owner=owner, file_id="file-1", job_id="job", **more)


def test_a_batch_is_its_tenants_alone(ledger, clock):
    batches = ledger.owned_by("acme").batches
    added = batches.add(batch(metadata={"shop": "north"}))
    assert (added.created_at, added.metadata, added.state) == (
        clock.now,
        {"shop": "north"},
        BatchState.VALIDATING,
    )
    other = ledger.owned_by("other").batches
    assert (other.latest(10), other.cancel("batch_1")) == ([], False)
    with pytest.raises(NotFound):
        other.get("batch_1")


def test_batches_are_read_newest_first_a_page_at_a_time(ledger, clock):
    batches = ledger.owned_by("acme").batches
    for number in range(4):
        clock.turn(number % 2)
        batches.add(batch(f"batch_{number}"))
    first = batches.latest(3)
    assert [each.id for each in first + batches.latest(9, first[-1])] == [
        "batch_3",
        "batch_2",
        "batch_1",
        "batch_0",
    ]


def test_a_batch_is_read_by_one_process_until_its_lease_ends(ledger, clock):
    ledger.batches.add(batch())
    taken = at_once(*[lambda: ledger.batches.take(LEASE)] * 3)
    assert sum(each is not None for each in taken) == 1
    clock.turn(LEASE - 1)
    ledger.batches.renew("batch_1", LEASE)
    clock.turn(LEASE - 1)
    assert ledger.batches.take(LEASE) is None
    clock.turn(2)
    assert ledger.batches.take(LEASE).id == "batch_1"


def test_a_batch_that_was_read_has_its_job_or_its_faults(ledger):
    for number in (1, 2):
        ledger.batches.add(batch(f"batch_{number}"))
        assert ledger.batches.take(LEASE)
    fault = BatchFault(line=3, code="missing_body", message="there is none", param="body")
    assert ledger.batches.end_reading("batch_1", [])
    assert ledger.batches.end_reading("batch_2", [fault])
    assert ledger.batches.get("batch_1").state is BatchState.ENTERED
    refused = ledger.batches.get("batch_2")
    assert (refused.state, refused.faults) == (BatchState.FAILED, (fault,))
    assert ledger.batches.take(LEASE) is None
    assert not ledger.batches.cancel("batch_2")


def test_a_batch_that_no_process_reads_is_cancelled_at_once(ledger, clock):
    ledger.batches.add(batch())
    assert (ledger.batches.cancel("batch_1"), ledger.batches.cancel("batch_1")) == (True, False)
    cancelled = ledger.batches.get("batch_1")
    assert (cancelled.state, cancelled.cancelled_at) == (BatchState.CANCELLED, clock.now)
    assert ledger.batches.take(LEASE) is None


def test_who_reads_a_batch_learns_that_it_was_cancelled_meanwhile(ledger, clock):
    ledger.batches.add(batch())
    ledger.batches.take(LEASE)
    assert ledger.batches.cancel("batch_1")
    assert ledger.batches.get("batch_1").state is BatchState.VALIDATING
    clock.turn(LEASE + 1)
    assert ledger.batches.take(LEASE)  # after the process that read it has ended
    assert not ledger.batches.end_reading("batch_1", [])


def test_lines_are_counted_not_their_items(ledger):
    assert ledger.batches.counts("job") == RequestCounts()
    add(ledger, "red", "blue", "green")
    finish(ledger)
    assert ledger.batches.counts("job") == RequestCounts(total=3, completed=1)
    ledger.jobs.cancel("job")
    counts = ledger.batches.counts("job")
    assert counts == RequestCounts(total=3, completed=1, failed=2, cancelled=2)
    assert counts.is_final


def test_a_line_with_several_results_is_completed_by_all_of_them(ledger):
    first, second = new_items(spec("red"), spec("blue"))
    second = replace(second, line=first.line, row_id=first.row_id, variant=1)
    failed = replace(new_items(spec("x"), spec("y"), WRONG)[2], ordinal=2)
    ledger.intake.add_job(new_job(), [first, second, failed])
    finish(ledger)
    assert ledger.batches.counts("job") == RequestCounts(total=2, failed=1)
    finish(ledger, "job.1")
    assert ledger.batches.counts("job") == RequestCounts(total=2, completed=1, failed=1)
