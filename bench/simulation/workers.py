"""Worker processes of a simulation.

Each has one device, threads for items of jobs and one thread for interactive items, as in `workers/` and
`steps/edit`: an item is claimed when a thread takes its message, and waits for the device in its process.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.model import Priority
from qie_batch.settings.workers import WorkerSettings
from qie_batch.steps.edit.device import EXPECTED_SECONDS
from qie_batch.steps.edit.leases import HEARTBEAT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.broker import Broker
    from simulation.ledger import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Settings of a worker, and what its edits take beside the device."""

    #: Claim, fetch and decode; encode, put and close.
    before_seconds: float = 0.15
    after_seconds: float = 0.4
    steps: int = 40
    concurrency: int = WorkerSettings().concurrency
    interactive_threads: int = 1
    lease_seconds: float = WorkerSettings().lease_seconds
    grace_seconds: float = 100.0


class Worker:
    def __init__(self, broker: Broker, rules: Rules, lanes: str, on_gone: Callable[[], None]) -> None:
        self.broker, self.ledger, self.loop = broker, broker.ledger, broker.ledger.loop
        self.rules, self.lanes = rules, lanes
        self.waits_bulk = False
        self.free_threads = 0
        self.gone = False
        self._on_gone = on_gone
        self._held: dict[Item, None] = {}
        #: Claimed items in turn, with the time at which their inputs are there.
        self._ready: deque[tuple[float, Item]] = deque()
        self._asked: deque[tuple[float, Item]] = deque()
        self._kept_until = 0.0
        self._on_device: Item | None = None
        self._since = 0.0
        self._busy = 0.0
        self._deadline: float | None = None

    @property
    def takes(self) -> bool:
        return self._deadline is None and not self.gone

    @property
    def is_busy(self) -> bool:
        return bool(self._held)

    @property
    def busy_seconds(self) -> float:
        """Seconds in which the device had an edit, so far."""
        return self._busy + (self.loop.now - self._since if self._on_device else 0.0)

    def begin(self) -> None:
        """The engine is loaded."""
        if self.lanes != "bulk":
            for _ in range(self.rules.interactive_threads):
                self.broker.wait_now(self)
        if self.lanes != "interactive":
            self.free_threads = self.rules.concurrency
            self.broker.wait_bulk(self)

    def take_bulk(self, item: Item) -> None:
        self.free_threads -= 1
        self._take(item)

    def take_now(self, item: Item) -> None:
        """The device is kept for it while its inputs come, but not for long."""
        self._kept_until = self.loop.now + EXPECTED_SECONDS
        self._take(item)

    def _take(self, item: Item) -> None:
        self.ledger.claim(item)
        self._held[item] = None
        fetched = self.loop.now + self.rules.before_seconds
        (self._asked if item.job.priority == Priority.INTERACTIVE else self._ready).append((fetched, item))
        if not self._on_device:
            self._next()

    def _holds(self, item: Item, attempt: int) -> bool:
        return item in self._held and item.attempt == attempt

    def _next(self) -> None:
        """The device takes the next edit whose inputs are there, once it is free."""
        if self._on_device or not self.takes:
            return
        now = self.loop.now
        if self._asked:
            fetched, item = self._asked[0]
            if fetched <= now:
                self._asked.popleft()
                self._start(item)
                return
            kept = self._kept_until > now
            self.loop.at(min(fetched, self._kept_until) if kept else fetched, self._next)
            if kept:
                return
        if self._ready:
            fetched, item = self._ready[0]
            if fetched <= now:
                self._ready.popleft()
                self._start(item)
            else:
                self.loop.at(fetched, self._next)

    def _start(self, item: Item) -> None:
        self._on_device, self._since = item, self.loop.now
        self.ledger.started(item)
        self.loop.after(item.job.seconds, self._finished, item, item.attempt)

    def _finished(self, item: Item, attempt: int) -> None:
        if self._on_device is not item or item.attempt != attempt:
            return
        self._leave_device()
        self.loop.after(self.rules.after_seconds, self._closed, item, attempt)
        self._next()

    def _leave_device(self) -> float:
        used = self.loop.now - self._since
        self._busy += used
        self._on_device = None
        return used

    def _closed(self, item: Item, attempt: int) -> None:
        if self._holds(item, attempt):
            self.ledger.succeed(item)
            self._release(item)

    def _release(self, item: Item) -> None:
        """The thread of this item is free."""
        del self._held[item]
        if self._deadline is not None:
            self._end_if_empty()
        elif item.job.priority == Priority.INTERACTIVE:
            self.broker.wait_now(self)
        else:
            self.free_threads += 1
            self.broker.wait_bulk(self)

    def _hand_back(self, item: Item, used: float) -> None:
        self.ledger.hand_back(item, used)
        self._release(item)

    def leave(self) -> None:
        """SIGTERM: the edit on the device ends if it can within the grace; all others are handed back."""
        if not self.takes:
            return
        self._deadline = self.loop.now + self.rules.grace_seconds
        for _, item in (*self._asked, *self._ready):
            self._hand_back(item, 0.0)
        self._asked.clear()
        self._ready.clear()
        running = self._on_device
        if running and self._since + running.job.seconds > self._deadline:
            step = running.job.seconds / self.rules.steps
            left = step - (self.loop.now - self._since) % step
            self.loop.after(left, self._interrupt, running, running.attempt)
        self._end_if_empty()

    def _interrupt(self, item: Item, attempt: int) -> None:
        if self._on_device is item and item.attempt == attempt:
            self._hand_back(item, self._leave_device())

    def _end_if_empty(self) -> None:
        if not self._held and not self.gone:
            self.gone = True
            self._on_gone()

    def vanish(self) -> None:
        """The machine is gone without a word: the leases of its items expire."""
        if self.gone:
            return
        self.gone = True
        used = {self._on_device: self._leave_device()} if self._on_device else {}
        for item in self._held:
            left = self.rules.lease_seconds - self.broker.chance.uniform(0.0, HEARTBEAT_SECONDS)
            self.loop.after(left, self.ledger.lose, item, used.get(item, 0.0))
        self._held.clear()
        self._on_gone()
