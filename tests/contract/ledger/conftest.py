from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from qie_batch.ledger.tables import metadata
from tests.support.ledgers import Clock, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.ledger.sql import SqlLedger


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory) -> Iterator[SqlLedger]:
    ledger = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('contract') / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


@pytest.fixture(scope="session")
def postgresql_ledger(postgres) -> Iterator[SqlLedger]:
    ledger = open_ledger(postgres.new_database())
    yield ledger
    ledger.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, clock) -> Iterator[SqlLedger]:
    """Empty, on SQLite and on PostgreSQL, with time that the test turns."""
    ledger = request.getfixturevalue(f"{request.param}_ledger")
    ledger._db.clock = clock
    yield ledger
    with ledger._db.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
