"""A ledger on PostgreSQL is migrated while workers write."""

from __future__ import annotations

import threading
import time

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger import schema
from qie_batch.ledger.tables import metadata
from tests.support.ledgers import add, open_ledger, start, used

BUILDING = (
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'"
)


@pytest.fixture
def at_work(postgres_url):
    """A ledger without the index of r0009, and an attempt that began before."""
    ledger = open_ledger(postgres_url)
    add(ledger, "red", "blue")
    attempt = start(ledger)
    config = schema._config()
    with ledger._db.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "r0008")
    yield ledger, attempt
    ledger.dispose()


@pytest.fixture
def ledger(at_work):
    return at_work[0]


def wait_for_build(database):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with database.write() as connection:
            if connection.scalar(text(BUILDING)):
                return
    pytest.fail("no index is being built")


def test_a_heartbeat_is_written_while_an_index_waits_for_a_transaction(at_work):
    ledger, attempt = at_work
    with ledger._db.engine.connect() as busy:
        busy.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        busy.exec_driver_sql("UPDATE items SET line = line WHERE ordinal = 1")
        migration = threading.Thread(target=schema.upgrade, args=(ledger._db,))
        migration.start()
        try:
            wait_for_build(ledger._db)
            with ledger._db.engine.connect() as probe:
                probe.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
                probe.exec_driver_sql("UPDATE items SET line = line WHERE ordinal = 0")
            assert ledger.attempts.renew(attempt, 60.0, 1, used(1.0))
            assert migration.is_alive()
        finally:
            busy.rollback()
            migration.join(30)
    schema.check(ledger._db)


def test_what_an_interrupted_build_left_is_built_again(ledger):
    with ledger._db.write() as connection:
        connection.execute(text("CREATE INDEX ix_items_result_key ON items (line)"))
    schema.upgrade(ledger._db)
    with ledger._db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_migration_may_take_longer_than_a_statement_of_a_worker(ledger):
    limit = "SHOW statement_timeout"
    with ledger._db.migrating() as connection:
        assert connection.exec_driver_sql(limit).scalar() == "0"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "30s"
    with ledger._db.write() as connection:
        assert connection.exec_driver_sql(limit).scalar() == "30s"


def test_a_second_migration_that_waited_too_long_says_so(ledger, monkeypatch):
    monkeypatch.setattr(schema, "WAIT_SECONDS", 0)
    with ledger._db.write() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({schema.UPGRADE_LOCK})"))
        with pytest.raises(LedgerUnavailable, match="another process has migrated") as raised:
            schema.upgrade(ledger._db)
    assert raised.value.code == "ledger_migrating"
    schema.upgrade(ledger._db)
    schema.check(ledger._db)
