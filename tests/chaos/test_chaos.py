"""The most important scenarios in their short form; `make chaos` runs all of them at full length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.rigs import Impossible, Rigs
from tests.chaos.run import scenarios
from tests.support import requires

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import Postgres

SEED = 2509
SCENARIOS = scenarios()
SHORT = (("storm", "postgresql"),)
#: In `make test-all`: what the storm does too, each by itself, and what it leaves out.
LONGER = (
    ("database_killed", "postgresql"),
    ("break_decoders", "sqlite"),
    ("disk_full", "sqlite"),
    ("kill_workers", "sqlite"),
    ("broker_wiped", "sqlite"),
    ("two_controls", "sqlite"),
    ("doubled", "postgresql"),
    ("wrong_clock", "postgresql"),
    ("take_machines", "postgresql"),
    ("upgrade", "postgresql"),
    ("upgrade", "sqlite"),
    ("soak", "postgresql"),
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One for all; a scenario may kill it, but starts it again."""
    with requires.postgres() as postgres:
        yield postgres


@pytest.mark.parametrize(
    ("name", "database"),
    [
        *(pytest.param(name, on, id=f"{name}-{on}") for name, on in SHORT),
        *(pytest.param(name, on, id=f"{name}-{on}", marks=pytest.mark.slow) for name, on in LONGER),
    ],
)
def test_nothing_is_lost_or_done_twice(name, database, request):
    postgres = request.getfixturevalue("postgres") if database == "postgresql" else None
    try:
        with Rigs(database, SEED, postgres) as rigs:
            SCENARIOS[name](rigs, full=False)
    except Impossible as error:
        requires.missing(str(error))
