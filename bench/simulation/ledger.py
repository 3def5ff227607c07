"""The ledger of a simulation: jobs and items, whose turn it is, leases, retries.

Order of turns and limits of retries are those of the product.
"""

from __future__ import annotations

import heapq
from array import array
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from qie_batch.model import RETRY_POLICY, Priority
from qie_batch.model.turns import turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.events import Loop


@dataclass(slots=True, eq=False)
class Job:
    created_at: float
    priority: int
    items: int
    #: Device seconds of each of its edits.
    seconds: float
    #: What is counted by itself beside the lane, such as one large job.
    group: str = ""
    #: Items from here on were never queued.
    fresh: int = 0
    #: Items that are pending again, by ordinal.
    again: list[tuple[int, Item]] = field(default_factory=list)
    unfinished: int = 0
    ended_at: float | None = None

    @property
    def pending(self) -> int:
        return self.items - self.fresh + len(self.again)


@dataclass(slots=True, eq=False)
class Item:
    job: Job
    ordinal: int
    attempt: int = 0
    crashes: int = 0
    preemptions: int = 0
    #: Device seconds of attempts that gave no result.
    lost_seconds: float = 0.0


class Lane:
    """Items of one queue: pending in jobs, queued in the broker, and counts of all that is ahead."""

    def __init__(self) -> None:
        #: Jobs with pending items in the order of their creation, by priority.
        self.waiting: dict[int, dict[Job, None]] = {}
        self.queued = 0
        self.running = 0
        #: Device seconds of what is pending, queued or running, as if none of the running ones had begun.
        self.seconds = 0.0
        self.items = 0
        #: From the entry of each item to its first second on a device.
        self.waits = array("d")
        #: From the entry of each job to its last result, and the number of its items.
        self.ends: list[tuple[float, int, str]] = []

    def oldest(self) -> float | None:
        """When the job was created whose item waits longest; None where none is pending."""
        return min((next(iter(jobs)).created_at for jobs in self.waiting.values() if jobs), default=None)


class Ledger:
    def __init__(self, loop: Loop, window: int) -> None:
        self.loop, self.window = loop, window
        self.bulk, self.interactive = Lane(), Lane()
        self.lanes = (self.bulk, self.interactive)
        self.done = self.attempts = self.repeated = self.failed = self.lost_leases = 0
        #: Device seconds of results, and of attempts that gave none.
        self.useful_seconds = self.repeated_seconds = 0.0
        self.on_start: Callable[[Item], None] | None = None

    def lane_of(self, job: Job) -> Lane:
        return self.interactive if job.priority == Priority.INTERACTIVE else self.bulk

    def add_job(self, job: Job) -> None:
        lane = self.lane_of(job)
        job.unfinished = job.items
        lane.items += job.items
        lane.seconds += job.items * job.seconds
        lane.waiting.setdefault(job.priority, {})[job] = None

    def enqueue(self, lane: Lane) -> list[Item]:
        """Pending items become queued until the window is full."""
        room = self.window - lane.queued
        if room <= 0 or not any(lane.waiting.values()):
            return []
        # No more jobs than `room` have a turn in this round: those whose first turn is the earliest.
        waiting = chain.from_iterable(lane.waiting.values())
        jobs = heapq.nsmallest(room, waiting, key=lambda job: next(_offers(job, 1))[0])
        if len(jobs) == 1:
            chosen = jobs * min(jobs[0].pending, room)
        else:
            offers = heapq.merge(*(_offers(job, room) for job in jobs), key=itemgetter(0))
            chosen = [job for _, job in islice(offers, room)]
        items = [self._take(job, lane) for job in chosen]
        lane.queued += len(items)
        return items

    def _take(self, job: Job, lane: Lane) -> Item:
        if job.again:
            item = heapq.heappop(job.again)[1]
        else:
            item = Item(job, job.fresh)
            job.fresh += 1
        if not job.pending:
            del lane.waiting[job.priority][job]
        return item

    def claim(self, item: Item) -> int:
        """The number of the attempt."""
        lane = self.lane_of(item.job)
        lane.queued -= 1
        lane.running += 1
        item.attempt += 1
        self.attempts += 1
        return item.attempt

    def started(self, item: Item) -> None:
        """The item is on a device."""
        if not item.lost_seconds:
            self.lane_of(item.job).waits.append(self.loop.now - item.job.created_at)
        if self.on_start:
            self.on_start(item)

    def succeed(self, item: Item) -> None:
        self.done += 1
        self.useful_seconds += item.job.seconds
        self._end(item)

    def hand_back(self, item: Item, used: float) -> None:
        """A leaving process releases the item."""
        item.preemptions += 1
        if item.preemptions >= RETRY_POLICY.max_preemptions:
            self._fail(item)
        else:
            self._again(item, used)

    def lose(self, item: Item, used: float) -> None:
        """The lease of the item expired."""
        item.crashes += 1
        self.lost_leases += 1
        if item.crashes >= RETRY_POLICY.max_crashes:
            self._fail(item)
        else:
            self._again(item, used)

    def _again(self, item: Item, used: float) -> None:
        lane = self.lane_of(item.job)
        lane.running -= 1
        if used:
            item.lost_seconds += used
            self.repeated += 1
            self.repeated_seconds += used
        heapq.heappush(item.job.again, (item.ordinal, item))
        jobs = lane.waiting.setdefault(item.job.priority, {})
        if item.job not in jobs:
            jobs[item.job] = None
            in_order = sorted(jobs, key=lambda job: job.created_at)
            lane.waiting[item.job.priority] = dict.fromkeys(in_order)

    def _fail(self, item: Item) -> None:
        self.failed += 1
        self._end(item)

    def _end(self, item: Item) -> None:
        job = item.job
        lane = self.lane_of(job)
        lane.running -= 1
        lane.items -= 1
        lane.seconds -= job.seconds
        job.unfinished -= 1
        if not job.unfinished:
            job.ended_at = self.loop.now
            lane.ends.append((self.loop.now - job.created_at, job.items, job.group))


def _offers(job: Job, room: int) -> Iterator[tuple[tuple[int, int, float], Job]]:
    in_flight = job.unfinished - job.pending
    for position in range(min(job.pending, room)):
        yield turn(job.priority, in_flight + position, job.created_at), job
