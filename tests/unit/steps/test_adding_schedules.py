"""A schedule is stored only when its times are known to come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qie_batch.errors import UsageError
from qie_batch.model import JobOrder, ReadingOptions, Schedule
from qie_batch.steps.schedule import add_schedule, check_cron

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


class Shelf:
    """Holds what was stored; its clock stands still."""

    def __init__(self):
        self.stored = []

    def add(self, schedule):
        self.stored.append(schedule)

    def now(self):
        return NOW


@pytest.fixture
def shelf():
    return Shelf()


def added(shelf, **changes):
    fields = {"name": "nightly", "cron": "0 2 * * *", "timezone": "UTC", "catalog": "/shop/catalog.csv"}
    return add_schedule(Schedule(**{**fields, **changes}), shelf, shelf, lambda _: None)


def test_the_spaces_of_a_cron_are_stored_as_one_each(shelf):
    added(shelf, cron=" 0  2\t* * *\n")
    assert [stored.cron for stored in shelf.stored] == ["0 2 * * *"]


def refusal(shelf, **changes):
    with pytest.raises(UsageError) as refused:
        added(shelf, **changes)
    assert shelf.stored == []
    return refused.value


@pytest.mark.parametrize(
    ("cron", "timezone", "due"),
    [
        ("0 2 * * *", "UTC", "2026-11-27T02:00Z"),
        ("0 2 * * *", "Asia/Shanghai", "2026-11-26T18:00Z"),
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00Z"),
        ("0 0 31 2 1", "UTC", "2027-02-01T00:00Z"),
        ("0 0 L 2 *", "UTC", "2027-02-28T00:00Z"),
        ("30 2 * * mon-fri", "Europe/Berlin", "2026-11-27T01:30Z"),
        ("0 0 29 2 */7", "UTC", "2032-02-29T00:00Z"),
        ("0 12 1 1 *", "Etc/GMT+5", "2027-01-01T17:00Z"),
    ],
)
def test_the_next_time_is_known_when_a_schedule_is_stored(shelf, cron, timezone, due):
    assert added(shelf, cron=cron, timezone=timezone) == datetime.fromisoformat(due).timestamp()
    assert [schedule.cron for schedule in shelf.stored] == [cron]


@pytest.mark.parametrize(
    ("cron", "reason"),
    [
        ("0 0 31 2 *", "bad day-of-month"),
        ("0 0 30 feb *", "bad day-of-month"),
        ("0 0 31 2,4,6,9,11 *", "bad day-of-month"),
        ("0 0 31 4 */2", "bad day-of-month"),
        ("0 0 LW 2 */7", "no date matches"),
        ("0 0 0 * *", "bad day-of-month"),
        ("0 24 * * *", "bad hour"),
        ("60 * * * *", "bad minute"),
        ("*/0 * * * *", "bad minute"),
        ("0 0 * 13 *", "bad month"),
        ("H H * * *", "times by chance are not run: name them"),
        ("H/15 * * * *", "times by chance are not run: name them"),
        ("R R * * *", "times by chance are not run: name them"),
        ("@random", "times by chance are not run: name them"),
        ("0~59 3 * * *", "times by chance are not run: name them"),
        ("@daily", "write '0 0 * * *'"),
        ("@reboot", "names with @ are not known"),
        ("0 0 2 * * *", "6 fields, not 5"),
        ("0 2 * *", "4 fields, not 5"),
        ("", "0 fields, not 5"),
        ("0 0 2 ? * MON", "6 fields, not 5"),
        ("0 2 ? * *", "write * for ?"),
        ("9" * 5000 + " * * * *", "more than 500 characters"),
        ("\uff11 2 * * *", "bad minute"),
    ],
)
def test_a_cron_whose_times_do_not_come_is_refused_with_the_reason(shelf, cron, reason):
    error = refusal(shelf, cron=cron)
    assert error.message.startswith(f"--cron {cron[:50]!r}"[:50])
    with pytest.raises(ValueError, match="is not a cron expression of times that come") as refused:
        check_cron(cron)
    assert f"({reason})" in str(refused.value)
    assert len(error.message) < 250


@pytest.mark.parametrize(
    "timezone",
    [
        "Mars/Base",
        "",
        " ",
        "America",
        "/etc/localtime",
        "../../etc/localtime",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "posixrules",
        "zone.tab",
        "a\0b",
        "x" * 5000,
        "\udcff",
        "UTC+2",
    ],
)
def test_a_timezone_that_is_none_is_refused(shelf, timezone):
    error = refusal(shelf, timezone=timezone)
    assert error.message.startswith("there is no timezone '")
    assert error.hint
    assert len(error.message) < 120


@pytest.mark.parametrize("timezone", ["utc+8", "GMT+8", "CST", "UTC+08:00", "PST"])
def test_no_zone_is_proposed_for_an_offset_or_an_abbreviation(shelf, timezone):
    assert refusal(shelf, timezone=timezone).hint == "for example Asia/Shanghai"


@pytest.mark.parametrize(
    ("timezone", "meant"), [("europe/berlin", "Europe/Berlin"), ("Asia/Shangai", "Asia/Shanghai")]
)
def test_a_timezone_with_a_slip_is_refused_with_the_one_that_is_meant(shelf, timezone, meant):
    assert refusal(shelf, timezone=timezone).hint == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "has no name"),
        ("  ", "has no name"),
        ("n" * 129, "129 characters, more than 128"),
        ("night\nly", "control character"),
        ("\x1b]0;x\x07", "control character"),
        ("night\u202ely", "control character"),
        ("\udcff", "control character"),
        ("nightly ", "a space at an end"),
    ],
)
def test_a_name_that_no_line_of_a_list_can_show_is_refused(shelf, name, says):
    assert says in refusal(shelf, name=name).message


@pytest.mark.parametrize("name", ["每晚", "night run 2", "n" * 128, "été/ночь"])
def test_a_name_of_any_script_is_taken(shelf, name):
    added(shelf, name=name)
    assert shelf.stored[0].name == name


@pytest.mark.parametrize("catalog", ["/shop/\udcff.csv", "/shop/a\0.csv"])
def test_a_catalog_whose_path_no_ledger_can_hold_is_refused(shelf, catalog):
    assert refusal(shelf, catalog=catalog).message.startswith("the catalog's path ")


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (ReadingOptions(encoding="klingon"), "--encoding klingon"),
        (ReadingOptions(mapping={"imag": "Photo"}), "--map names a column 'imag'"),
    ],
)
def test_options_that_no_run_could_use_are_refused(shelf, reading, says):
    assert refusal(shelf, order=JobOrder(reading=reading)).message.startswith(says)
