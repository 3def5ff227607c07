"""What enters in a day: interactive requests and jobs, after the profile of a production service.

The profile is derived from GenTD26 (alibaba/clusterdata, cluster-trace-v2026-GenAI, SoCC '25; for research
and study), 26,823 requests of 24 days: requests by hour, relative to the mean, with the clock turned so that
the quiet block is the night; images a request; and how far the busiest five minutes are above the others.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from qie_batch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOUR, DAY = 3600.0, 86_400.0
#: By hour, from midnight on.
PROFILE = (
    *(0.11, 0.04, 0.03, 0.0, 0.0, 0.0, 0.0, 0.04, 0.57, 2.1, 2.48, 0.56),
    *(0.98, 2.97, 2.97, 3.16, 3.43, 0.98, 1.05, 1.08, 0.6, 0.32, 0.3, 0.23),
)
#: In which the rate of an hour goes over into that of the next.
RAMP_SECONDS = 1800.0
#: Requests by their number of images.
IMAGES = {1: 15_494, 2: 2_191, 4: 5_132, 8: 3_968}
#: Requests of one user with less than a minute between them: p50 1, p90 3, p99 7, 150 at most.
BURSTS = {(1, 1): 0.80, (2, 3): 0.12, (4, 7): 0.07, (8, 40): 0.0095, (41, 150): 0.0005}
BURST_GAP_SECONDS = 20.0
#: The busiest five minutes over the mean of those with requests: 110 / 9.5 in the trace, of which the busiest
#: weekday explains 1.58.
BUSIEST = 110 / 9.5 / 1.58
#: Blocks of five minutes differ from their hour by a factor of this coefficient of variation, chosen so that
#: the busiest is as far above the others as in the trace.
BLOCK_SECONDS, BLOCK_VARIATION = 300.0, 0.6


@dataclass(frozen=True, slots=True)
class Entry:
    at: float
    items: int
    priority: int
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """Further interactive edits, evenly over its time."""

    begins: float
    seconds: float
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str
    interactive: int = 300_000
    bulk: int = 700_000
    jobs: int = 700
    #: One large job: when, and its rows.
    nightly: tuple[float, int] | None = None
    surge: Surge | None = None
    #: When a share of the spot machines is reclaimed, the share, and for how long none is sold then.
    reclaim: tuple[float, float, float] | None = None

    def scaled(self, scale: float) -> Scenario:
        """The same of fewer edits."""
        nightly = self.nightly and (self.nightly[0], int(self.nightly[1] * scale))
        surge = self.surge and Surge(
            begins=self.surge.begins, seconds=self.surge.seconds, edits=int(self.surge.edits * scale)
        )
        return Scenario(
            name=self.name,
            interactive=int(self.interactive * scale),
            bulk=int(self.bulk * scale),
            jobs=max(int(self.jobs * scale), 10),
            nightly=nightly,
            surge=surge,
            reclaim=self.reclaim,
        )


DAY_OF_A_MILLION = Scenario(name="day")
FLASH_SALE = Scenario(
    name="flash", surge=Surge(begins=20 * HOUR, seconds=HOUR, edits=60_000), interactive=240_000
)
NIGHTLY = Scenario(name="nightly", bulk=400_000, jobs=400, nightly=(22 * HOUR, 300_000))
RECLAIM = Scenario(name="reclaim", reclaim=(14 * HOUR, 0.5, 1800.0))
SCENARIOS = {each.name: each for each in (DAY_OF_A_MILLION, FLASH_SALE, NIGHTLY, RECLAIM)}


def entries(of: Scenario, seed: int = 0) -> list[Entry]:
    """Everything that enters, by time; the day begins at 06:00, in the quiet block."""
    chance = random.Random(seed)
    found = [*_requests(of, chance), *_jobs(of, chance)]
    if of.nightly:
        found.append(Entry(of.nightly[0], of.nightly[1], Priority.NORMAL, "nightly"))
    if of.surge:
        found += _surge(of.surge, chance)
    return sorted(
        (Entry((each.at - BEGINS) % DAY, each.items, each.priority, each.group) for each in found),
        key=lambda entry: entry.at,
    )


#: When a day of the simulation begins.
BEGINS = 6 * HOUR


def clock(time: float) -> float:
    """Hours of the day at this time of the simulation."""
    return (time + BEGINS) / HOUR


def rate_at(time: float) -> float:
    """Relative to the mean: an hour goes over into the next in half an hour."""
    hour, into = int(time // HOUR), time % HOUR
    share = min(into + RAMP_SECONDS / 2, HOUR + RAMP_SECONDS / 2 - into, RAMP_SECONDS) / RAMP_SECONDS
    neighbour = PROFILE[(hour + (1 if into > HOUR / 2 else -1)) % 24]
    return PROFILE[hour] * share + neighbour * (1.0 - share)


def busiest_rate(entered: Iterable[Entry]) -> float:
    """Interactive edits a second in the busiest block."""
    blocks: Counter[int] = Counter()
    for entry in entered:
        if entry.priority == Priority.INTERACTIVE:
            blocks[int(entry.at // BLOCK_SECONDS)] += entry.items
    return max(blocks.values()) / BLOCK_SECONDS


def _requests(of: Scenario, chance: random.Random) -> Iterator[Entry]:
    """Users begin by the profile, and each sends a burst."""
    blocks = int(DAY / BLOCK_SECONDS)
    shape = BLOCK_VARIATION**-2
    rates = [
        rate_at((block + 0.5) * BLOCK_SECONDS) * chance.gammavariate(shape, 1.0 / shape)
        for block in range(blocks)
    ]
    weights, left = list(accumulate(rates)), of.interactive
    while left > 0:
        for block in chance.choices(range(blocks), cum_weights=weights, k=1000):
            at = (block + chance.random()) * BLOCK_SECONDS
            for _ in range(chance.randint(*chance.choices(list(BURSTS), list(BURSTS.values()))[0])):
                images = min(chance.choices(list(IMAGES), list(IMAGES.values()))[0], left)
                if images:
                    yield Entry(at, images, Priority.INTERACTIVE)
                left -= images
                at += chance.expovariate(1.0 / BURST_GAP_SECONDS)


def _jobs(of: Scenario, chance: random.Random) -> Iterator[Entry]:
    """Sizes are log-normal: the median job has a seventh of the rows of the mean one."""
    sizes = [chance.lognormvariate(0.0, 1.3) for _ in range(of.jobs)]
    edges = [round(edge * of.bulk / sum(sizes)) for edge in accumulate(sizes)]
    hours = chance.choices(range(24), PROFILE, k=of.jobs)
    for hour, before, edge in zip(hours, [0, *edges], edges, strict=False):
        if edge > before:
            yield Entry((hour + chance.random()) * HOUR, edge - before, Priority.NORMAL)


def _surge(surge: Surge, chance: random.Random) -> Iterator[Entry]:
    for _ in range(surge.edits):
        at = surge.begins + chance.random() * surge.seconds
        yield Entry(at, 1, Priority.INTERACTIVE, "surge")
