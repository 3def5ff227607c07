"""The ledger's invariants hold with messages lost, doubled or late, and faults between two statements.

A short walk from a fixed seed; QIE_CHAOS_STEPS makes it long, from a new seed or from QIE_CHAOS_SEED.
"""

from __future__ import annotations

import logging
import os
import random
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.machine import LedgerMachine
from tests.chaos.world import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED, SHORT_STEPS = 2509, 1000
STEPS_A_WALK, WALKS_A_ROUND = 60, 20


@pytest.fixture(scope="module")
def tally(request) -> Iterator[list[str]]:
    told: list[str] = []
    yield told
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{', '.join(told)}")  # noqa: T201 - the figure is asked for


@pytest.fixture
def place(ledger_url, caplog) -> Iterator[Place]:
    caplog.set_level(logging.CRITICAL, "qie_batch")
    place = Place(ledger_url)
    yield place
    place.dispose()


@pytest.mark.parametrize(
    "ledger_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
def test_the_ledger_stays_true(place, tally):
    long = os.environ.get("QIE_CHAOS_STEPS")
    first = int(os.environ.get("QIE_CHAOS_SEED") or (random.randrange(2**32) if long else SEED))
    began = time.monotonic()
    for number in count(first):
        _walk(place, number)
        if place.steps >= int(long or SHORT_STEPS):
            break
    rate = place.steps / (time.monotonic() - began)
    database = place.ledger._db.engine.dialect.name
    tally.append(f"{place.steps} steps on {database} ({rate:.0f}/s, seeds {first} to {number})")


def _walk(place: Place, number: int) -> None:
    """Some walks from this seed; the first that goes wrong is cut down to its shortest form."""
    here = type("Walk", (LedgerMachine,), {"place": place})
    print(f"QIE_CHAOS_SEED={number}")  # noqa: T201 - shown where the walk goes wrong
    run_state_machine_as_test(
        seed(number)(here),
        settings=settings(
            max_examples=WALKS_A_ROUND,
            stateful_step_count=STEPS_A_WALK,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
