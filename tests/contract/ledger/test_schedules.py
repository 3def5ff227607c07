"""What every ledger promises about schedules and their runs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from qie_batch.errors import UsageError
from qie_batch.ledger.tables import schedules
from qie_batch.model import (
    JobOrder,
    OutputFormat,
    Priority,
    ReadingOptions,
    RowDefaults,
    RunState,
    Schedule,
    ScheduledRun,
)
from tests.support.ledgers import START

NIGHTLY = Schedule(
    name="nightly",
    cron="0 2 * * *",
    timezone="Asia/Shanghai",
    catalog="s3://shop/目录.csv",
    order=JobOrder(
        preset="fast",
        priority=Priority.LOW,
        budget_micros=2_500_000,
        reading=ReadingOptions(
            mapping={"id": "货号", "size": ""}, encoding="gb18030", sheet="价格", header_line=3
        ),
        defaults=RowDefaults(
            instruction="把背景换成白色",
            negative="文字",
            size=(800, 600),
            steps=8,
            cfg=2.5,
            seed=0,
            variants=2,
            output=OutputFormat.JPEG,
            quality=80,
        ),
    ),
)


def taken(due_at: float, **changes) -> ScheduledRun:
    run = ScheduledRun(schedule="nightly", due_at=due_at, state=RunState.TAKEN, job_id="", note="")
    return replace(run, **changes)


def test_now_is_the_clock_of_the_ledger(ledger, clock):
    assert ledger.clock.now() == START
    clock.turn(1.25)
    assert ledger.clock.now() == START + 1.25


def test_a_schedule_comes_back_as_it_was_given(ledger):
    ledger.schedules.add(replace(NIGHTLY, name="weekly"))
    ledger.schedules.add(NIGHTLY)
    assert ledger.schedules.all() == [
        replace(NIGHTLY, created_at=START),
        replace(NIGHTLY, name="weekly", created_at=START),
    ]


def test_a_format_that_was_not_chosen_is_another_than_the_same(ledger):
    for output in (OutputFormat.AUTO, OutputFormat.SAME):
        order = JobOrder(defaults=RowDefaults(output=output))
        ledger.schedules.add(replace(NIGHTLY, name=output, order=order))
    assert [found.order.defaults.output for found in ledger.schedules.all()] == ["auto", "same"]


def test_an_entry_that_cannot_be_understood_hides_no_other(ledger):
    for name in ("a", "b", "c"):
        ledger.schedules.add(replace(NIGHTLY, name=name))
    with ledger._db.write() as connection:
        connection.execute(update(schedules).where(schedules.c.name == "b").values(options="{"))
    first, broken, last = ledger.schedules.all()
    assert (first.problem, last.problem, last.order) == ("", "", NIGHTLY.order)
    assert broken.problem.startswith("its options cannot be read (JSONDecodeError: ")
    assert (broken.cron, broken.catalog, broken.order) == (NIGHTLY.cron, NIGHTLY.catalog, JobOrder())
    assert ledger.schedules.remove("b")


def test_a_name_is_taken_once(ledger):
    ledger.schedules.add(NIGHTLY)
    with pytest.raises(UsageError, match="nightly"):
        ledger.schedules.add(replace(NIGHTLY, cron="* * * * *"))
    assert [schedule.cron for schedule in ledger.schedules.all()] == [NIGHTLY.cron]


def test_a_removed_schedule_takes_its_runs_along(ledger):
    ledger.schedules.add(NIGHTLY)
    ledger.schedules.take_run("nightly", START, 900)
    assert ledger.schedules.remove("nightly") is True
    assert ledger.schedules.remove("nightly") is False
    assert (ledger.schedules.all(), ledger.schedules.latest_runs("nightly")) == ([], [])


def test_of_eight_takers_of_a_run_one_has_it(ledger):
    together = threading.Barrier(8)

    def take(_number):
        together.wait()
        return ledger.schedules.take_run("nightly", START, 900)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
    assert ledger.schedules.latest_runs("nightly", limit=10) == [taken(START)]


def test_a_run_is_taken_over_once_its_taker_is_dead(ledger, clock):
    ledger.schedules.take_run("nightly", START, 900)
    clock.turn(899)
    assert ledger.schedules.take_run("nightly", START, 900) is False
    clock.turn(2)
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda _: ledger.schedules.take_run("nightly", START, 900), range(8)))
    assert sorted(again) == [False] * 7 + [True]


@pytest.mark.parametrize("state", [RunState.SUBMITTED, RunState.SKIPPED, RunState.FAILED])
def test_an_ended_run_is_never_taken_again(ledger, clock, state):
    ledger.schedules.take_run("nightly", START, 900)
    ledger.schedules.end_run("nightly", START, state, job_id="job", note="because")
    clock.turn(10_000)
    assert ledger.schedules.take_run("nightly", START, 900) is False
    assert ledger.schedules.latest_runs("nightly") == [
        taken(START, state=state, job_id="job", note="because")
    ]


def test_the_latest_runs_come_first(ledger):
    for due_at in (START, START + 1800.5, START - 60):
        assert ledger.schedules.take_run("nightly", due_at, 900)
    assert ledger.schedules.take_run("other", START + 9999, 900)
    assert [run.due_at for run in ledger.schedules.latest_runs("nightly", limit=2)] == [
        START + 1800.5,
        START,
    ]
