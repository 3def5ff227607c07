"""The days that are compared, simulated in several processes."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from qie_batch.engines.qwen import PRESETS
from simulation.arrivals import DAY_OF_A_MILLION, SCENARIOS, busiest_rate, entries
from simulation.cluster import SPOT, Cluster, Sample, Setup
from simulation.policies import FLEETS
from simulation.report import Day, day_of, waits_of
from simulation.workers import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


#: Above what the busiest five minutes take, since they are not even.
MARGIN = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Of all days that are compared."""

    #: Of the edits.
    scale: float = 1.0
    #: Of the largest fleet.
    larger: float = 1.0
    #: Of each worker.
    interactive_threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    preset: str
    scenario: str
    fleet: str
    spot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    wanted: Wanted
    day: Day
    samples: tuple[Sample, ...]
    #: p95 of the waits of the interactive items that began since the sample before; None where none did.
    p95: tuple[float | None, ...]


def simulate(wanted: Wanted, changes: Changes) -> Simulated:
    preset = PRESETS[wanted.preset]
    setup = Setup(
        scenario=SCENARIOS[wanted.scenario].scaled(changes.scale),
        fleet=FLEETS[wanted.fleet],
        edit_seconds=preset.seconds,
        steps=preset.steps,
        most=int(changes.larger * largest_fleet(preset.seconds, changes.scale)),
        spot=SPOT if wanted.spot else None,
        interactive_threads=changes.interactive_threads,
    )
    cluster = Cluster(setup)
    cluster.run()
    return Simulated(
        wanted=wanted,
        day=day_of(cluster, wanted.preset),
        samples=tuple(cluster.samples),
        p95=tuple(_p95_by_sample(cluster)),
    )


@cache
def largest_fleet(edit_seconds: float, scale: float) -> int:
    """Enough workers for the interactive edits of the busiest five minutes, and nothing else.

    A worker has one thread for them, which also fetches and stores.
    """
    rules = Rules()
    rate = busiest_rate(entries(DAY_OF_A_MILLION.scaled(scale)))
    cycle = edit_seconds + rules.before_seconds + rules.after_seconds
    return max(4, math.ceil(MARGIN * rate * cycle))


def simulate_all(wanted: Sequence[Wanted], processes: int, changes: Changes) -> Iterator[Simulated]:
    """In the order of `wanted`."""
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(partial(simulate, changes=changes), wanted)


def _p95_by_sample(cluster: Cluster) -> Iterator[float | None]:
    begun = 0
    for sample in cluster.samples:
        waits = cluster.ledger.interactive.waits[begun : sample.begun]
        begun = sample.begun
        yield waits_of(waits).p95 if waits else None
