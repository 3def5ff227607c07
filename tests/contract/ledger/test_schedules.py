"""What every ledger promises about schedules and their slots."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from qie_batch.errors import UsageError
from qie_batch.model import RunState, Schedule, ScheduledRun
from tests.support.ledgers import START

NIGHTLY = Schedule(
    name="nightly",
    cron="0 2 * * *",
    timezone="Asia/Shanghai",
    catalog="s3://shop/目录.csv",
    options={"preset": "fast", "priority": "low"},
)


def taken(due_at: float, **changes) -> ScheduledRun:
    slot = ScheduledRun(schedule="nightly", due_at=due_at, state=RunState.TAKEN, job_id="", note="")
    return replace(slot, **changes)


def test_now_is_the_clock_of_the_ledger(ledger, clock):
    assert ledger.now() == START
    clock.turn(1.25)
    assert ledger.now() == START + 1.25


def test_a_schedule_comes_back_as_it_was_given(ledger):
    ledger.add_schedule(replace(NIGHTLY, name="weekly"))
    ledger.add_schedule(NIGHTLY)
    assert ledger.schedules() == [
        replace(NIGHTLY, created_at=START),
        replace(NIGHTLY, name="weekly", created_at=START),
    ]


def test_a_name_is_taken_once(ledger):
    ledger.add_schedule(NIGHTLY)
    with pytest.raises(UsageError, match="nightly"):
        ledger.add_schedule(replace(NIGHTLY, cron="* * * * *"))
    assert [schedule.cron for schedule in ledger.schedules()] == [NIGHTLY.cron]


def test_a_removed_schedule_takes_its_slots_along(ledger):
    ledger.add_schedule(NIGHTLY)
    ledger.take_run("nightly", START, 900)
    assert ledger.remove_schedule("nightly") is True
    assert ledger.remove_schedule("nightly") is False
    assert (ledger.schedules(), ledger.latest_runs("nightly")) == ([], [])


def test_of_eight_takers_of_a_slot_one_has_it(ledger):
    together = threading.Barrier(8)

    def take(_number):
        together.wait()
        return ledger.take_run("nightly", START, 900)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
    assert ledger.latest_runs("nightly", limit=10) == [taken(START)]


def test_a_slot_is_taken_over_once_its_taker_is_dead(ledger, clock):
    ledger.take_run("nightly", START, 900)
    clock.turn(899)
    assert ledger.take_run("nightly", START, 900) is False
    clock.turn(2)
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda _: ledger.take_run("nightly", START, 900), range(8)))
    assert sorted(again) == [False] * 7 + [True]


@pytest.mark.parametrize("state", [RunState.SUBMITTED, RunState.SKIPPED, RunState.FAILED])
def test_an_ended_slot_is_never_taken_again(ledger, clock, state):
    ledger.take_run("nightly", START, 900)
    ledger.end_run("nightly", START, state, job_id="job", note="because")
    clock.turn(10_000)
    assert ledger.take_run("nightly", START, 900) is False
    assert ledger.latest_runs("nightly") == [taken(START, state=state, job_id="job", note="because")]


def test_the_latest_slots_come_first(ledger):
    for due_at in (START, START + 1800.5, START - 60):
        assert ledger.take_run("nightly", due_at, 900)
    assert ledger.take_run("other", START + 9999, 900)
    assert [slot.due_at for slot in ledger.latest_runs("nightly", limit=2)] == [START + 1800.5, START]
