from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from qie_batch.ledger.tables import metadata
from tests.support.ledgers import START, Clock, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.ledger.sql import SqlLedger


@pytest.fixture(scope="session")
def clock_of_the_ledgers() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory, clock_of_the_ledgers) -> Iterator[SqlLedger]:
    folder = tmp_path_factory.mktemp("contract")
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite3'}", clock_of_the_ledgers)
    yield ledger
    ledger.dispose()


@pytest.fixture(scope="session")
def postgresql_ledger(postgres, clock_of_the_ledgers) -> Iterator[SqlLedger]:
    ledger = open_ledger(postgres.new_database(), clock_of_the_ledgers)
    yield ledger
    ledger.dispose()


@pytest.fixture
def clock(clock_of_the_ledgers) -> Clock:
    clock_of_the_ledgers.now = START
    return clock_of_the_ledgers


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, clock) -> Iterator[SqlLedger]:  # noqa: ARG001 - turned back before each test
    """Empty, on SQLite and on PostgreSQL, with time that the test turns."""
    ledger = request.getfixturevalue(f"{request.param}_ledger")
    yield ledger
    with ledger._db.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
