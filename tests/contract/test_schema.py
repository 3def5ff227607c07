"""The migrations give exactly the tables that the code is written for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger import schema
from qie_batch.ledger.database import Database
from qie_batch.ledger.tables import metadata
from tests.support.ledgers import add, finish, open_ledger, told

TABLES = {
    "jobs",
    "items",
    "attempts",
    "results",
    "schedules",
    "scheduled_runs",
    "variables",
    "tenants",
    "api_keys",
    "requests",
    "files",
    "batches",
    "outbox",
    "workload",
    "workers",
    "reviews",
}


@pytest.fixture
def database(ledger_url):
    database = Database(ledger_url)
    yield database
    database.engine.dispose()


def tables(database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_the_migrations_make_the_tables_of_the_code(database):
    schema.upgrade(database)
    assert tables(database) == TABLES | {"alembic_version"}
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_is_harmless(ledger_url):
    ledger = open_ledger(ledger_url)
    add(ledger, "red")
    finish(ledger)
    schema.upgrade(ledger._db)
    assert told(ledger) == "S"
    ledger.dispose()


def test_upgrading_from_several_processes_at_once_is_harmless(ledger_url, database):
    code = "import sys; from qie_batch.ledger import database, schema; sys.stdin.readline();"
    code += f"schema.upgrade(database.Database({ledger_url!r}))"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        process.stdin.write("now\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    schema.check(database)


def test_an_empty_database_is_refused_with_the_way_out(database):
    assert schema.current(database) == ""
    with pytest.raises(LedgerUnavailable, match="missing") as raised:
        schema.check(database)
    assert raised.value.code == "schema_outdated"


def test_another_revision_is_refused_with_the_way_out(database):
    schema.upgrade(database)
    schema.check(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0000'"))
    with pytest.raises(LedgerUnavailable, match="r0000") as raised:
        schema.check(database)
    assert raised.value.code == "schema_outdated"


def test_a_ledger_of_a_newer_version_is_refused_with_another_way_out(database):
    schema.upgrade(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(LedgerUnavailable, match="r9999") as raised:
        schema.check(database)
    assert raised.value.code == "schema_newer"


def test_every_migration_can_be_taken_back(database):
    schema.upgrade(database)
    config = schema._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert tables(database) == {"alembic_version"}
    assert schema.current(database) == ""
    schema.upgrade(database)
    schema.check(database)


def test_the_migrations_are_one_line_of_descent():
    assert len(ScriptDirectory.from_config(schema._config()).get_heads()) == 1
    assert schema.newest() == schema.NEWEST


def test_the_migrations_are_found_from_anywhere(tmp_path):
    code = "from qie_batch.ledger import schema; print(schema.newest())"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == schema.newest()
