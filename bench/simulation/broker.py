"""The broker of a simulation, and the rounds in which control fills it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from simulation.ledger import Item, Lane, Ledger
    from simulation.workers import Worker


class Broker:
    """Messages of items of jobs go to the worker that waits longest; interactive ones to any that waits.

    A thread for interactive items asks anew each second, so that which of them has waited longest is chance.
    """

    def __init__(self, ledger: Ledger, chance: random.Random) -> None:
        self.ledger, self.chance = ledger, chance
        self.bulk: deque[Item] = deque()
        self.now: deque[Item] = deque()
        self._bulk_waiters: deque[Worker] = deque()
        self._now_waiters: list[Worker] = []

    def dispatch(self) -> None:
        """One round of control over both lanes."""
        self._fill(self.ledger.interactive, self.now)
        self._fill(self.ledger.bulk, self.bulk)
        self.deliver()

    def dispatch_interactive(self) -> None:
        self._fill(self.ledger.interactive, self.now)
        self._deliver_now()

    def _fill(self, lane: Lane, queue: deque[Item]) -> None:
        queue.extend(self.ledger.enqueue(lane))

    def wait_bulk(self, worker: Worker) -> None:
        """The worker has a free thread for items of jobs."""
        if not worker.waits_bulk:
            worker.waits_bulk = True
            self._bulk_waiters.append(worker)
            if self.bulk:
                self._deliver_bulk()

    def wait_now(self, worker: Worker) -> None:
        self._now_waiters.append(worker)
        if self.now:
            self._deliver_now()

    def deliver(self) -> None:
        self._deliver_now()
        self._deliver_bulk()

    def _deliver_bulk(self) -> None:
        waiters = self._bulk_waiters
        while self.bulk and waiters:
            worker = waiters.popleft()
            worker.waits_bulk = False
            if not worker.takes:
                continue
            worker.take_bulk(self.bulk.popleft())
            if worker.free_threads:
                worker.waits_bulk = True
                waiters.append(worker)

    def _deliver_now(self) -> None:
        waiters = self._now_waiters
        while self.now and waiters:
            place = self.chance.randrange(len(waiters))
            waiters[place], waiters[-1] = waiters[-1], waiters[place]
            worker = waiters.pop()
            if worker.takes:
                worker.take_now(self.now.popleft())
