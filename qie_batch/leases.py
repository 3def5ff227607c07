"""What a worker process holds: leases renewed from one thread, and the device, one edit at a time."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qie_batch.errors import EngineLost, Fenced, LedgerUnavailable, Preempted, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.interfaces import Ledger
    from qie_batch.model import Attempt

log = logging.getLogger(__name__)

#: Seconds between two beats, and how many at least fit into a lease: some may be lost.
BEAT_SECONDS, BEATS = 2.0, 6
#: How often somebody who waits looks whether to go on waiting.
LOOK_SECONDS = 0.2
#: How long a finished edit waits for a ledger or a store that is away before it is given up.
PATIENCE_SECONDS = 600.0


class Shutdown:
    """When this process must be gone (monotonic seconds); infinity until it is told to leave."""

    def __init__(self) -> None:
        self.deadline = float("inf")

    def begin(self, grace_seconds: float) -> None:
        self.deadline = min(self.deadline, time.monotonic() + grace_seconds)

    @property
    def begun(self) -> bool:
        return self.deadline != float("inf")


class HeldLease:
    """One attempt in this process: its step, its seconds on the device, and whether it is still ours."""

    def __init__(self, attempt: Attempt, shutdown: Shutdown) -> None:
        self.attempt = attempt
        self.fenced = False
        self.last_step = 0
        self._departure = shutdown
        # Seconds before, and when the device was entered: one value, so that the beat sees no half change.
        self._meter: tuple[float, float | None] = (0.0, None)
        self._progressed = 0.0

    @property
    def seconds(self) -> float:
        """On the device so far."""
        before, entered = self._meter
        return before + (time.monotonic() - entered if entered is not None else 0.0)

    @property
    def stalled_seconds(self) -> float:
        """How long its step has stood still on the device; 0 off the device."""
        return time.monotonic() - self._progressed if self._meter[1] is not None else 0.0

    def check_fence(self) -> None:
        """Raise Fenced if the item went on without this attempt."""
        if self.fenced:
            raise Fenced(f"item {self.attempt.item_id} went on without attempt {self.attempt.number}")

    def check(self) -> None:
        """Raise Fenced or Preempted if this attempt should not go on."""
        self.check_fence()
        if self._departure.begun and time.monotonic() + self._remaining() > self._departure.deadline:
            raise Preempted(f"item {self.attempt.item_id} is handed back: this process is leaving")

    def step(self, number: int) -> None:
        """An engine says so after each step, from 1."""
        self.last_step = number
        self._progressed = time.monotonic()
        self.check()

    def _remaining(self) -> float:
        """Seconds until the edit is done, by the steps so far; endless before the first."""
        steps = self.attempt.spec.steps or 1
        if self.last_step >= steps:
            return 0.0
        return self.seconds / self.last_step * (steps - self.last_step) if self.last_step else float("inf")

    @contextmanager
    def on_device(self, device: threading.Lock) -> Iterator[None]:
        """Wait for the device, then count the seconds on it."""
        while not device.acquire(timeout=LOOK_SECONDS):
            self.check()
        try:
            self.check()
            self._progressed = time.monotonic()
            self._meter = (self.seconds, self._progressed)
            try:
                yield
            except EngineLost:
                self._departure.begin(0.0)  # before the next in line gets a device that is broken
                raise
            finally:
                self._meter = (self.seconds, None)
        finally:
            device.release()


class Leases:
    """Renews every lease that this process holds, from one thread."""

    def __init__(self, ledger: Ledger, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self.shutdown = Shutdown()
        self._ledger = ledger
        self._holds: set[HeldLease] = set()
        self._changed = threading.Condition()
        self._alone = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._thread.start()

    def open_to_claims(self) -> bool:
        """Return once no item has to run alone; False if this process has to leave before that."""
        with self._changed:
            while self._alone and not self.shutdown.begun:
                self._changed.wait(timeout=LOOK_SECONDS)
        return not self.shutdown.begun

    @contextmanager
    def hold(self, attempt: Attempt) -> Iterator[HeldLease]:
        """Keep the attempt's lease until the block ends."""
        hold = HeldLease(attempt, self.shutdown)
        with self._changed:
            self._holds.add(hold)
        try:
            yield hold
        finally:
            with self._changed:
                self._holds.discard(hold)
                self._changed.notify_all()

    @contextmanager
    def admitted(self, hold: HeldLease) -> Iterator[None]:
        """An item whose worker died before runs alone: a second death is then charged to no neighbour.

        Those that began before it are waited for; Preempted is for those that did not.
        """
        with self._changed:
            if self._alone:
                raise Preempted(f"item {hold.attempt.item_id} is handed back: another one has to run alone")
            self._alone = alone = hold.attempt.crashes > 0
        try:
            if alone:
                self._await_neighbours(hold)
            yield
        finally:
            if alone:
                with self._changed:
                    self._alone = False
                    self._changed.notify_all()

    def _await_neighbours(self, hold: HeldLease) -> None:
        with self._changed:
            while len(self._holds) > 1:
                hold.check()
                self._changed.wait(timeout=LOOK_SECONDS)

    def retry_write(self, write: Callable[[], bool]) -> bool:
        """Write a finished edit; while ledger or store are away, try again with the lease still beating."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return write()
            except (LedgerUnavailable, StoreUnavailable):
                if time.monotonic() > deadline or self.shutdown.begun:
                    raise
                self._stopped.wait(1.0)

    def held(self) -> list[HeldLease]:
        with self._changed:
            return list(self._holds)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(min(BEAT_SECONDS, self.lease_seconds / BEATS)):
            for hold in self.held():
                try:
                    held = self._ledger.renew(hold.attempt, self.lease_seconds, hold.last_step, hold.seconds)
                except LedgerUnavailable as error:
                    log.warning("no heartbeat: %s", error)
                    break
                if not held:
                    hold.fenced = True
