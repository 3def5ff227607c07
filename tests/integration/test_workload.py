"""What lies ahead of each lane, as control reads it and an autoscaler finds it."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import select

from qie_batch import wiring
from qie_batch.errors import UsageError
from qie_batch.ledger import schema
from qie_batch.ledger.database import Database
from qie_batch.ledger.tables import workload
from qie_batch.model import Priority
from qie_batch.settings import Settings
from qie_batch.steps.gauges import read_gauges
from tests.support.ledgers import WORKER, add, finish, open_ledger, start

EDIT_SECONDS = 2.0


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


@pytest.fixture
def read(ledger):
    """Reads the figures as control does; returns the rows an autoscaler sees."""
    context = wiring.gauges_context(Settings(), ledger)

    def read():
        assert read_gauges(context) is not None
        with ledger._db.read() as connection:
            return {(row.engine, row.lane): row for row in connection.execute(select(workload))}

    return read


def test_what_waits_and_what_runs_counts_and_what_is_done_does_not(ledger, read):
    add(ledger, *"abcd")
    finish(ledger, seconds=EDIT_SECONDS)
    start(ledger, "job.1")
    ahead = read()[WORKER.engine, "bulk"]
    assert (ahead.items, ahead.seconds, ahead.edit_seconds) == (3, 3 * EDIT_SECONDS, EDIT_SECONDS)


def test_both_lanes_of_an_engine_are_there_where_one_has_nothing(ledger, read):
    add(ledger, "a", priority=Priority.INTERACTIVE)
    ahead = read()
    assert ahead[WORKER.engine, "interactive"].items == 1
    assert (ahead[WORKER.engine, "bulk"].items, ahead[WORKER.engine, "bulk"].seconds) == (0, 0.0)


def test_an_engine_that_was_never_used_has_nothing_ahead(read):
    ahead = read()
    assert {("qwen", "interactive"), ("qwen", "bulk"), ("classic", "bulk")} <= ahead.keys()
    assert {(row.items, row.seconds) for row in ahead.values()} == {(0, 0.0)}


def test_of_a_paused_job_only_what_runs_keeps_a_worker(ledger, read):
    add(ledger, *"abcd")
    start(ledger)
    ledger.jobs.pause("job", "user")
    assert read()[WORKER.engine, "bulk"].items == 1


def test_a_role_may_read_the_workload_and_nothing_else(postgres):
    url = postgres.new_database()
    ledger, database = open_ledger(url), Database(url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE ROLE scaler LOGIN")
    schema.grant_reader(database, "scaler")
    plain = database.engine.url.set(drivername="postgresql", username="scaler").render_as_string()
    with psycopg.connect(plain) as reader:
        assert reader.execute("SELECT count(*) FROM workload").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("SELECT count(*) FROM jobs")
    with database.write() as connection:
        connection.exec_driver_sql("DROP OWNED BY scaler; DROP ROLE scaler")
    database.engine.dispose()
    ledger.dispose()


def test_a_role_that_is_not_there_is_named_with_the_way_to_make_it(postgres):
    database = Database(postgres.new_database())
    with pytest.raises(UsageError) as refused:
        schema.grant_reader(database, "the scaler")
    database.engine.dispose()
    assert 'no role "the scaler"' in refused.value.message
    assert "CREATE ROLE" in refused.value.hint


def test_sqlite_has_no_roles(tmp_path):
    with pytest.raises(UsageError, match="no roles"):
        schema.grant_reader(Database(f"sqlite:///{tmp_path / 'ledger.sqlite3'}"), "scaler")
