"""`schedule` as a person types it: refusals are sentences, and a broken entry hides nothing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, Text, literal, update

from qie_batch.cli import main
from qie_batch.ledger.tables import schedules
from qie_batch.model import OutputFormat, Schedule
from tests.support.ledgers import open_ledger


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


@pytest.fixture
def schedule(tmp_path, monkeypatch, ledger):
    """Runs a command; gives its exit code and what it printed."""
    monkeypatch.setenv("QIE_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    monkeypatch.setenv("QIE_DIR", str(tmp_path / "none"))
    (tmp_path / "catalog.csv").write_text("id,image,instruction\n1,a.png,red\n")
    assert ledger.schedules.all() == []

    def schedule(*arguments: object):
        ran = CliRunner().invoke(main, ["schedule", *map(str, arguments)])
        assert "Traceback" not in ran.output
        return ran.exit_code, ran.output

    return schedule


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--cron", "0 0 31 2 *"), "--cron '0 0 31 2 *' is not a cron expression of times that come"),
        (("--cron", "0 2 * * *", "--timezone", "America"), "there is no timezone 'America'"),
        (("--cron", "0 2 * * *", "--size", "M"), "--size is 'M': write width x height"),
        (("--cron", "0 2 * * *", "--quality", "9", "--output", "png"), "--quality is of JPEG and WebP"),
    ],
)
def test_what_cannot_run_is_refused_and_not_stored(schedule, ledger, tmp_path, options, says):
    code, said = schedule("add", "nightly", tmp_path / "catalog.csv", *options)
    assert code == 2
    assert said.startswith(f"qie-batch: {says}")
    assert ledger.schedules.all() == []


def test_a_schedule_keeps_the_options_of_its_jobs(schedule, ledger, tmp_path):
    options = ("--output", "jpeg", "--quality", "80", "--size", "800x600", "--map", "size=", "--seed", "0")
    assert schedule("add", "nightly", tmp_path / "catalog.csv", "--cron", "0 2 * * *", *options)[0] == 0
    (stored,) = ledger.schedules.all()
    defaults = stored.order.defaults
    assert (defaults.output, defaults.quality, defaults.seed) == (OutputFormat.JPEG, 80, 0)
    assert (defaults.size, stored.order.reading.mapping) == ((800, 600), {"size": ""})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"cron": "0 2 30 2 *"}, "'0 2 30 2 *' is not a cron expression of times that come"),
        ({"timezone": "Mars/Base"}, "there is no timezone 'Mars/Base'"),
        ({"timezone": "America"}, "there is no timezone 'America'"),
        ({"options": "{"}, "its options cannot be read"),
        ({"cron": literal(b"\xff\0", LargeBinary)}, "its cron cannot be read"),
        ({"timezone": literal(b"UTC", LargeBinary)}, "its timezone cannot be read"),
        ({"catalog": literal(b"c.csv", LargeBinary)}, "its catalog cannot be read"),
        ({"created_at": literal("yesterday", Text)}, "its created_at cannot be read"),
    ],
    ids=[
        "cron",
        "timezone",
        "folder",
        "options",
        *("bytes in " + c for c in ("cron", "zone", "path")),
        "time",
    ],
)
def test_a_broken_entry_is_shown_with_its_reason_and_can_be_removed(schedule, ledger, fields, reason):
    for name in ("broken", "nightly"):
        ledger.schedules.add(Schedule(name=name, cron="0 2 * * *", timezone="UTC", catalog="/none/c.csv"))
    due_at = ledger.clock.now() - 100
    ledger.schedules.take_run("broken", due_at, 1)
    with ledger._db.write() as connection:
        connection.execute(update(schedules).where(schedules.c.name == "broken").values(**fields))
    code, said = schedule("list")
    assert code == 0
    assert f"  next never, broken: {reason}" in said
    assert said.splitlines()[-2] == "nightly: 0 2 * * * UTC, /none/c.csv"
    assert said.splitlines()[-1].endswith(" 02:00 UTC")
    broken, whole = json.loads(schedule("list", "--json")[1])
    assert (broken["next"], broken["slots"][0]["due_at"]) == (None, due_at)
    assert broken["problem"].startswith(reason)
    assert "problem" not in whole
    assert schedule("remove", "broken") == (0, "schedule broken is removed\n")
    assert [found.name for found in ledger.schedules.all()] == ["nightly"]
