from __future__ import annotations

import pytest

from tests.support.ledgers import Clock, open_ledger


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    """On SQLite, with time that the test turns."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock)
    yield ledger
    ledger.dispose()
