"""A filled ledger of 0.1.0 (schema r0001) is brought to this version with nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select, text

from qie_batch.ledger import schema
from qie_batch.ledger.database import Database
from qie_batch.ledger.sql import SqlLedger
from qie_batch.ledger.tables import items
from qie_batch.model import (
    ItemState,
    JobOrder,
    OutputFormat,
    Priority,
    Rate,
    ReadingOptions,
    RowDefaults,
    RunState,
)
from tests.support.ledgers import WORKER, add, new_items, new_job, result_of, spec, start, used

FILLED = Path(__file__).parents[1] / "data" / "ledger-0.1.0.jsonl"
ROWS = [json.loads(line) for line in FILLED.read_text(encoding="utf-8").splitlines()]


def migrate(database: Database, revision: str, *, down: bool = False) -> None:
    config = schema._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


@pytest.fixture
def old(ledger_url):
    """A database as 0.1.0 left it."""
    database = Database(ledger_url)
    migrate(database, "r0001")
    tables = MetaData()
    with database.write() as connection:
        tables.reflect(connection)
        for row in ROWS:
            connection.execute(insert(tables.tables[row["table"]]).values(row["row"]))
    yield database
    database.engine.dispose()


@pytest.fixture
def ledger(old):
    schema.upgrade(old)
    return SqlLedger(old)


def test_an_old_ledger_is_refused_until_it_is_upgraded(old):
    with pytest.raises(Exception, match=r"schema is r0001"):
        schema.check(old)
    schema.upgrade(old)
    schema.check(old)


@pytest.mark.usefixtures("ledger")
def test_every_row_is_still_there(old):
    counts = {"scheduled_runs": 3, "variables": 1, "jobs": 5, "items": 24, "attempts": 18, "results": 14}
    with old.read() as connection:
        for table, number in counts.items():
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == number  # noqa: S608 - our names


def test_cache_keys_are_those_that_were_stored(old, ledger):
    with old.read() as connection:
        stored = {row.id: row.cache_key for row in connection.execute(select(items.c.id, items.c.cache_key))}
    specs = {item.id: item.spec for job in ledger.jobs.latest() for item in ledger.jobs.items(job.id)}
    assert len(specs) == 24
    for item_id, each in specs.items():
        assert (each.cache_key if each else None) == stored[item_id]
        if each:
            assert type(each).parse(each.canonical) == each


def test_the_ledger_contradicts_itself_nowhere(ledger):
    assert list(ledger.audit.contradictions()) == []


def test_jobs_and_money_read_as_before(ledger):
    job = ledger.jobs.get("260101-qwenjb")
    assert job.order == JobOrder(
        name="Herbst 秋.csv",
        engine="qwen",
        preset="reference",
        priority=Priority.HIGH,
        budget_micros=2_500_000,
        reading=ReadingOptions(mapping={"id": "Artikel"}),
        defaults=RowDefaults(instruction="make it {colour}", output=OutputFormat.PNG),
    )
    assert (job.folder, job.manifest_key) == ("s3://shop/catalog", "manifests/260101-qwenjb.csv")
    assert ledger.costs.progress(job.id).spent_micros == round(35.35 * 3_000_000 / 3600)


def test_schedules_keep_their_options_and_their_runs(ledger):
    bare, nightly = ledger.schedules.all()
    assert bare.order == JobOrder(preset="draft", defaults=RowDefaults(output=OutputFormat.PNG))
    assert nightly.order == JobOrder(
        engine="classic",
        priority=Priority.LOW,
        budget_micros=2_500_000,
        reading=ReadingOptions(mapping={"id": "SKU", "image": "Bild"}),
        defaults=RowDefaults(instruction="white background", output=OutputFormat.PNG),
    )
    assert [run.state for run in ledger.schedules.latest_runs("nightly", 9)] == [
        RunState.SKIPPED,
        RunState.SUBMITTED,
    ]


def test_a_running_attempt_of_0_1_0_can_still_be_ended(ledger):
    """The worker was renewed: its lease runs out, and the next attempt is priced anew."""
    ledger.recovery.release_worker("gpu-1")
    assert ledger.recovery.expire_leases() == 1
    (item,) = [item for item in ledger.jobs.items("260101-qwenjb") if item.attempt and item.id.endswith(".3")]
    assert item.state is ItemState.PENDING
    assert list(ledger.audit.contradictions()) == []


def test_the_broker_of_before_is_remembered(ledger):
    assert ledger.dispatch.remember_epoch("epoch-of-0.1.0") is False


def test_the_way_back_leaves_specs_that_0_1_0_can_read(old, ledger):
    """It takes every field of the column for one of its own, and `schema` is none."""
    later = (spec("new"), spec("good", quality=80), spec("clear", keep_alpha=True))
    ledger.intake.add_job(new_job("new"), new_items(*later))
    migrate(old, "r0001", down=True)
    with old.read() as connection:
        specs = [json.loads(row.spec) for row in connection.execute(select(items.c.spec)) if row.spec]
    fields = {name for row in ROWS if row["row"].get("spec") for name in json.loads(row["row"]["spec"])}
    assert all(set(spec) == fields for spec in specs)


def test_the_way_back_keeps_the_rows(old):
    schema.upgrade(old)
    migrate(old, "r0001", down=True)
    schedules = [row["row"] for row in ROWS if row["table"] == "schedules"]
    options = {row["name"]: json.loads(row["options"]) for row in schedules}
    with old.read() as connection:
        rows = connection.execute(text("SELECT name, options FROM schedules"))
        assert {name: json.loads(text_) for name, text_ in rows} == {
            name: {**given, "preset": given["preset"], "budget": given["budget"].rstrip("0")}
            for name, given in options.items()
        }


def test_costs_by_the_image_are_proven(ledger):
    by_image = replace(WORKER, rate=Rate(image_micros=40_000))
    add(ledger, "priced", job_id="priced")
    attempt = start(ledger, "priced.0", by_image)
    ledger.attempts.succeed(attempt, result_of(attempt), used(3.0, images=1))
    assert ledger.costs.progress("priced").spent_micros == 40_000
    assert list(ledger.audit.contradictions()) == []


@pytest.mark.parametrize(
    ("mapping", "columns"),
    [
        ("", {}),
        ("id=SKU\nimage=a=b", {"id": "SKU", "image": "a=b"}),
        ("id=SKU\nNo\nx=y", {"id": "SKU\nNo", "x": "y"}),
    ],
)
def test_no_mapping_that_0_1_0_took_stops_the_upgrade(ledger_url, mapping, columns):
    database = Database(ledger_url)
    migrate(database, "r0001")
    options = json.dumps({"mapping": mapping, "budget": "1e3"})
    row = {"n": "odd", "c": "0 2 * * *", "t": "UTC", "k": "c.csv", "o": options, "a": 0.0}
    with database.write() as connection:
        connection.execute(text("INSERT INTO schedules VALUES (:n, :c, :t, :k, :o, :a)"), row)
    schema.upgrade(database)
    (schedule,) = SqlLedger(database).schedules.all()
    assert (schedule.order.reading.mapping, schedule.order.budget_micros) == (columns, 1_000_000_000)
    database.engine.dispose()
