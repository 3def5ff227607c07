"""When a schedule is due: in its own timezone, by the rules of Debian's cron for the hours that change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from qie_batch.model import Schedule
from qie_batch.steps.schedule import check_cron, latest_due, next_due, run_job_id

BERLIN = "Europe/Berlin"


def schedule(cron: str, timezone: str) -> Schedule:
    return Schedule(name="nightly", cron=cron, timezone=timezone, catalog="catalog.csv")


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def fired(cron: str, timezone: str, start: str, end: str) -> list[str]:
    """Every run that a control process which looks every five minutes would take."""
    nightly, now = schedule(cron, timezone), seconds(start)
    runs = [latest_due(nightly, now)]
    while now < seconds(end):
        now += 300
        due_at = latest_due(nightly, now)
        assert runs[-1] <= due_at <= now
        if due_at != runs[-1]:
            assert next_due(nightly, runs[-1]) == due_at
            runs.append(due_at)
    return [shown(due_at, timezone) for due_at in runs[1:]]


def shown(due_at: float, timezone: str) -> str:
    return datetime.fromtimestamp(due_at, ZoneInfo(timezone)).isoformat(timespec="minutes")


def test_two_in_the_morning_is_two_in_shanghai():
    runs = fired("0 2 * * *", "Asia/Shanghai", "2026-11-01T00:00Z", "2026-11-03T00:00Z")
    assert runs == ["2026-11-02T02:00+08:00", "2026-11-03T02:00+08:00"]
    assert next_due(schedule("0 2 * * *", "Asia/Shanghai"), seconds("2026-11-01T17:59Z")) == seconds(
        "2026-11-01T18:00Z"
    )


def test_a_time_that_the_spring_leaves_out_is_made_up_for_at_once():
    runs = fired("30 2 * * *", BERLIN, "2026-03-28T02:00Z", "2026-03-30T02:00Z")
    assert runs == ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]


def test_a_time_that_the_autumn_shows_twice_is_one_run():
    runs = fired("30 2 * * *", BERLIN, "2026-10-24T02:00Z", "2026-10-26T02:00Z")
    assert runs == ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]


def test_every_hour_goes_on_through_the_autumn():
    runs = fired("0 * * * *", BERLIN, "2026-10-24T23:30Z", "2026-10-25T02:30Z")
    assert runs == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:00+01:00",
        "2026-10-25T03:00+01:00",
    ]


def test_every_hour_goes_on_through_the_spring():
    runs = fired("30 * * * *", BERLIN, "2026-03-29T00:00Z", "2026-03-29T02:00Z")
    assert runs == ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"]


@pytest.mark.parametrize(
    ("start", "following"),
    [
        ("2026-10-24T12:00Z", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("2026-03-28T12:00Z", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
    ],
    ids=["autumn", "spring"],
)
def test_what_is_announced_is_what_fires(start, following):
    nightly, now, announced = schedule("30 2 * * *", BERLIN), seconds(start), []
    for _ in following:
        now = next_due(nightly, now)
        assert latest_due(nightly, now) == now
        announced.append(shown(now, BERLIN))
    assert announced == following


def test_a_time_that_is_now_is_due():
    nightly, due_at = schedule("0 2 * * *", "UTC"), seconds("2026-11-01T02:00Z")
    assert latest_due(nightly, due_at) == due_at
    assert next_due(nightly, due_at) == seconds("2026-11-02T02:00Z")


@pytest.mark.parametrize("early", [1.5, 1.0, 0.5, 0.001])
def test_nothing_is_due_before_its_time(early):
    nightly, due_at = schedule("0 2 * * *", "UTC"), seconds("2026-11-01T02:00Z")
    assert latest_due(nightly, due_at - early) == seconds("2026-10-31T02:00Z")
    assert next_due(nightly, due_at - early) == due_at


def test_the_same_run_is_the_same_job():
    nightly = schedule("0 2 * * *", "UTC")
    due_at = seconds("2026-11-01T02:00Z")
    assert run_job_id(nightly, due_at) == run_job_id(nightly, due_at)
    assert run_job_id(nightly, due_at).startswith("261101-")
    assert run_job_id(nightly, due_at) != run_job_id(nightly, due_at + 86_400)


@pytest.mark.parametrize(
    ("cron", "start", "end", "times"),
    [
        (
            "*/30 2 * * *",
            "2026-10-25T00:00Z",
            "2026-10-25T02:00Z",
            ["02:30+02:00", "02:00+01:00", "02:30+01:00"],
        ),
        ("*/30 2 * * *", "2027-03-28T00:00Z", "2027-03-28T04:00Z", []),
        ("0 1-4 * * *", "2026-10-25T00:00Z", "2026-10-25T02:30Z", ["03:00+01:00"]),
        ("15,45 2 * * *", "2027-03-28T00:00Z", "2027-03-28T04:00Z", ["03:00+02:00"]),
    ],
)
def test_a_star_follows_the_clock_and_a_time_is_kept_once(cron, start, end, times):
    assert [run[11:] for run in fired(cron, BERLIN, start, end)] == times


@pytest.mark.parametrize(
    "cron", ["0 2 * * *", "*/5 8-17 * * mon-fri", "0 0 29 2 *", "0 3 L * *", "0 3 30 2 1"]
)
def test_a_cron_whose_times_come_is_taken(cron):
    check_cron(cron)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "at noon",
        "@daily",
        "0 2 * *",
        "0 0 2 * * *",
        "61 2 * * *",
        "0 2 30 2 *",
        "0 2 31 4,6 *",
        "0 2 * * 8",
    ],
)
def test_a_cron_whose_times_never_come_is_refused(cron):
    with pytest.raises(ValueError, match="is not a cron expression of times that come") as refused:
        check_cron(cron)
    assert str(refused.value).startswith(repr(cron))


@pytest.mark.parametrize("cron", ["0 2 30 2 *", "at noon"])
def test_a_cron_of_an_earlier_version_whose_times_never_come_is_never_due(cron):
    impossible = schedule(cron, BERLIN)
    assert latest_due(impossible, seconds("2026-11-01T02:00Z")) is None
    assert next_due(impossible, seconds("2026-11-01T02:00Z")) is None
