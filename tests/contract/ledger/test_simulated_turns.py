"""What the ledger of bench/simulation/ queues is what a ledger queues."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from qie_batch.model import Priority
from tests.support.ledgers import WORKER, enqueue, new_items, new_job, result_of, spec, used

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture
def simulation(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from simulation import events, ledger  # noqa: PLC0415 - the folder is on the path only here

    yield events, ledger
    for name in [name for name in sys.modules if name.partition(".")[0] == "simulation"]:
        del sys.modules[name]


def test_the_simulation_queues_what_the_ledger_queues(ledger, clock, simulation):
    events, simulated = simulation
    chance, loop = random.Random(1), events.Loop()
    twin = simulated.Ledger(loop, window=5)
    names, held = {}, []
    for number in range(6):
        priority = chance.choice((Priority.HIGH, Priority.NORMAL, Priority.NORMAL))
        specs = (spec(f"{number} {item}") for item in range(chance.randint(1, 9)))
        rows = new_items(*specs, priority=priority)
        clock.turn(1.0)
        ledger.intake.add_job(new_job(f"job{number}"), rows)
        job = simulated.Job(clock.now, priority, len(rows), 1.0)
        names[job] = f"job{number}"
        twin.add_job(job)
    while twin.bulk.items:
        queued = twin.enqueue(twin.bulk)
        assert enqueue(ledger, window=5) == [f"{names[item.job]}.{item.ordinal}" for item in queued]
        held += queued
        for _ in range(min(chance.randint(1, 4), len(held))):
            item = held.pop(chance.randrange(len(held)))
            attempt = ledger.attempts.claim(f"{names[item.job]}.{item.ordinal}", WORKER, 60)
            twin.claim(item)
            if chance.random() < 0.3:
                ledger.attempts.release(attempt, used(0.5))
                twin.hand_back(item, 0.5)
            else:
                ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
                twin.succeed(item)
