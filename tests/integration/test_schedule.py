"""Schedules on a real ledger whose clock the test advances."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import update

from qie_batch.errors import Rejected, StoreUnavailable, UsageError
from qie_batch.ledger.tables import schedules
from qie_batch.model import RunState, Schedule
from qie_batch.steps.schedule import (
    RUN_LEASE_SECONDS,
    RUN_RETRY_SECONDS,
    latest_due,
    run_due,
    run_job_id,
    run_now,
)
from tests.support.ledgers import START, add, at_once, open_ledger, scheduling

DAY = 86_400.0
#: The first two in the morning, UTC, after START.
DUE = START + 18 * 3600


@pytest.fixture
def ledger(ledger_url, clock):
    ledger = open_ledger(ledger_url, clock)
    ledger.schedules.add(Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog="catalog.csv"))
    clock.now = DUE
    yield ledger
    ledger.dispose()


class Submitter:
    """Adds an empty job; fails first with each of the errors given."""

    def __init__(self, ledger, *errors):
        self.ledger, self.errors, self.asked = ledger, list(errors), []

    def __call__(self, schedule, job_id):
        self.asked.append((schedule.name, job_id))
        if self.errors:
            raise self.errors.pop(0)
        add(self.ledger, job_id=job_id)


def runs(ledger):
    return [(run.due_at, run.state, run.note) for run in ledger.schedules.latest_runs("nightly", limit=10)]


def test_a_run_is_submitted_once_however_many_look(ledger, clock):
    submit = Submitter(ledger)
    assert sum(at_once(*[lambda: run_due(scheduling(ledger, submit))] * 8)) == 1
    clock.turn(600)
    assert run_due(scheduling(ledger, submit)) == 0
    (schedule,) = ledger.schedules.all()
    assert submit.asked == [("nightly", run_job_id(schedule, DUE))]
    (run,) = ledger.schedules.latest_runs("nightly", limit=10)
    assert (run.due_at, run.state, run.job_id) == (DUE, RunState.SUBMITTED, submit.asked[0][1])


def test_nothing_is_due_before_its_time(ledger, clock):
    clock.now = DUE - 0.5
    submit = Submitter(ledger)
    assert run_due(scheduling(ledger, submit)) == 0
    assert (submit.asked, runs(ledger)) == ([], [])


def test_times_before_the_schedule_was_added_are_not_caught_up(ledger, clock):
    clock.now = DUE + 600
    ledger.schedules.add(Schedule(name="late", cron="0 2 * * *", timezone="UTC", catalog="catalog.csv"))
    submit = Submitter(ledger)
    run_due(scheduling(ledger, submit))
    assert [name for name, _ in submit.asked] == ["nightly"]


def test_a_schedule_whose_times_never_come_stops_no_other(ledger):
    never = Schedule(name="feb30", cron="0 2 30 2 *", timezone="UTC", catalog="catalog.csv")
    ledger.schedules.add(never)
    submit = Submitter(ledger)
    assert run_due(scheduling(ledger, submit)) == 1
    assert [name for name, _ in submit.asked] == ["nightly"]


BROKEN = {
    "cron": {"cron": "0 0 31 2 *"},
    "never": {"cron": "0 0 LW 2 */7"},
    "text": {"cron": "9" * 5000 + " * * * *"},
    "timezone": {"timezone": "Mars/Base"},
    "folder of timezones": {"timezone": "America"},
    "path": {"timezone": "../../etc/localtime"},
    "no JSON": {"options": "{"},
    "no object": {"options": "[]"},
    "of a later version": {"options": '{"priority": 0, "reading": {}, "defaults": {"mood": "calm"}}'},
    "no priority": {"options": '{"priority": "soon", "reading": {}, "defaults": {}}'},
}


@pytest.mark.parametrize("fields", BROKEN.values(), ids=BROKEN)
def test_of_ten_schedules_nine_fire_when_the_first_is_broken(ledger, clock, caplog, fields):
    name = "a first one"
    names = [name, *(f"night {number}" for number in range(8)), "nightly"]
    for each in names[:-1]:
        ledger.schedules.add(Schedule(name=each, cron="0 2 * * *", timezone="UTC", catalog="catalog.csv"))
    with ledger._db.write() as connection:
        connection.execute(update(schedules).values(created_at=START))
        connection.execute(update(schedules).where(schedules.c.name == name).values(**fields))
    submit = Submitter(ledger)
    context = scheduling(ledger, submit)
    assert run_due(context) == 9
    assert {each for each, _ in submit.asked} == {*names} - {name}
    for _ in range(3):
        clock.turn(0.5)
        assert run_due(context) == 0
    (line,) = [record.getMessage() for record in caplog.records if "broken" in record.getMessage()]
    assert line.startswith(f"schedule {name} is broken and does not run: ")
    assert len(line) < 300


def test_a_schedule_whose_options_cannot_be_read_is_removed_and_not_run(ledger):
    with ledger._db.write() as connection:
        connection.execute(update(schedules).values(options="{"))
    (broken,) = ledger.schedules.all()
    submit = Submitter(ledger)
    with pytest.raises(UsageError, match="schedule nightly is broken: its options cannot be read"):
        run_now(broken, scheduling(ledger, submit))
    assert submit.asked == []
    assert ledger.schedules.remove("nightly")


def test_a_bug_that_one_schedule_meets_stops_no_other(ledger, caplog):
    ledger.schedules.add(Schedule(name="a first one", cron="* * * * *", timezone="UTC", catalog="a.csv"))
    with ledger._db.write() as connection:
        connection.execute(update(schedules).values(created_at=START))
    submit = Submitter(ledger, ZeroDivisionError())
    assert run_due(scheduling(ledger, submit)) == 1
    assert [name for name, _ in submit.asked] == ["a first one", "nightly"]
    assert "schedule a first one cannot be run" in caplog.text


def test_a_run_whose_job_is_gone_does_not_hold_up_the_next(ledger):
    submit = Submitter(ledger)
    ledger.schedules.take_run("nightly", DUE - DAY, RUN_LEASE_SECONDS)
    ledger.schedules.end_run("nightly", DUE - DAY, RunState.SUBMITTED, job_id="gone")
    assert run_due(scheduling(ledger, submit)) == 1
    assert runs(ledger)[0] == (DUE, RunState.SUBMITTED, "")


def test_missed_times_are_caught_up_once(ledger, clock):
    clock.turn(5 * DAY + 3600)
    submit = Submitter(ledger)
    assert run_due(scheduling(ledger, submit)) == 1
    assert run_due(scheduling(ledger, submit)) == 0
    assert runs(ledger) == [(DUE + 5 * DAY, RunState.SUBMITTED, "")]


def test_each_night_has_its_own_job(ledger, clock):
    submit = Submitter(ledger)
    for _ in range(3):
        assert run_due(scheduling(ledger, submit)) == 1
        ledger.settlement.close(submit.asked[-1][1], clock.now)
        clock.turn(DAY)
    assert len({job_id for _, job_id in submit.asked}) == 3


def test_a_run_is_skipped_while_the_one_before_goes_on(ledger, clock):
    submit = Submitter(ledger)
    run_due(scheduling(ledger, submit))
    first = submit.asked[0][1]
    clock.turn(DAY)
    assert run_due(scheduling(ledger, submit)) == 1
    due_at, state, note = runs(ledger)[0]
    assert (due_at, state) == (DUE + DAY, RunState.SKIPPED)
    assert first in note
    clock.turn(DAY)
    run_due(scheduling(ledger, submit))
    assert runs(ledger)[0][1] is RunState.SKIPPED
    ledger.settlement.close(first, clock.now)
    clock.turn(DAY)
    run_due(scheduling(ledger, submit))
    assert runs(ledger)[0][1] is RunState.SUBMITTED


@pytest.mark.parametrize("kind", [UsageError, Rejected])
def test_a_refused_catalog_is_written_down_and_not_tried_again(ledger, clock, kind):
    submit = Submitter(ledger, kind("the catalog has no column image", hint="add one"))
    assert run_due(scheduling(ledger, submit)) == 1
    assert runs(ledger) == [(DUE, RunState.FAILED, "the catalog has no column image. Add one.")]
    clock.turn(RUN_LEASE_SECONDS + 1)
    assert run_due(scheduling(ledger, submit)) == 0
    clock.turn(DAY)
    assert run_due(scheduling(ledger, submit)) == 1
    assert runs(ledger)[0][1] is RunState.SUBMITTED


@pytest.mark.parametrize(
    ("error", "wait"),
    [(StoreUnavailable("the store is away"), RUN_RETRY_SECONDS), (KeyboardInterrupt(), RUN_LEASE_SECONDS)],
)
def test_a_run_that_could_not_be_is_tried_again_as_the_same_job(ledger, clock, error, wait):
    submit = Submitter(ledger, error)
    with suppress(KeyboardInterrupt):  # with which the process is gone
        run_due(scheduling(ledger, submit))
    clock.turn(wait - 1)
    assert run_due(scheduling(ledger, submit)) == 0
    clock.turn(2)
    assert run_due(scheduling(ledger, submit)) == 1
    first, second = submit.asked
    assert first == second
    assert runs(ledger) == [(DUE, RunState.SUBMITTED, "")]


def test_a_submission_that_takes_longer_than_the_lease_is_not_started_by_another_process(ledger, clock):
    submit, other = Submitter(ledger), Submitter(ledger)

    def working(renew):
        for _ in range(3):
            clock.turn(RUN_LEASE_SECONDS - 1)
            renew()
            assert run_due(scheduling(ledger, other)) == 0

    assert run_due(scheduling(ledger, submit, working)) == 1
    assert (len(submit.asked), other.asked) == (1, [])
    assert runs(ledger) == [(DUE, RunState.SUBMITTED, "")]


def test_a_process_that_ends_leaves_its_run_to_another(ledger, clock):
    submit, other = Submitter(ledger), Submitter(ledger)
    ending = replace(scheduling(ledger, submit, lambda renew: renew()), is_stopping=lambda: True)
    assert run_due(ending) == 1
    assert (submit.asked, [state for _, state, _ in runs(ledger)]) == ([], [RunState.TAKEN])
    clock.turn(RUN_RETRY_SECONDS + 1)
    assert run_due(scheduling(ledger, other)) == 1
    assert runs(ledger) == [(DUE, RunState.SUBMITTED, "")]


def test_a_run_by_hand_is_a_run_of_that_moment(ledger, clock):
    clock.now = DUE - 1234.5
    submit = Submitter(ledger)
    (schedule,) = ledger.schedules.all()
    job_id = run_now(schedule, scheduling(ledger, submit))
    assert ledger.jobs.get(job_id).id == job_id
    assert runs(ledger) == [(DUE - 1234.5, RunState.SUBMITTED, "")]
    ledger.settlement.close(job_id, clock.now)
    clock.now = DUE
    assert run_due(scheduling(ledger, submit)) == 1
    assert latest_due(schedule, clock.now) == DUE


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(UsageError("no column image"), "no column image"), (StoreUnavailable("the store is away"), "away")],
)
def test_a_run_by_hand_says_why_not(ledger, error, sentence):
    (schedule,) = ledger.schedules.all()
    with pytest.raises(type(error), match=sentence):
        run_now(schedule, scheduling(ledger, Submitter(ledger, error)))


def test_a_run_by_hand_waits_for_the_one_before(ledger, clock):
    submit = Submitter(ledger)
    (schedule,) = ledger.schedules.all()
    job_id = run_now(schedule, scheduling(ledger, submit))
    clock.turn(60)
    with pytest.raises(UsageError, match=job_id):
        run_now(schedule, scheduling(ledger, submit))
