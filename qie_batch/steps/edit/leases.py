"""The leases of a worker process: renewed from one thread, with the device seconds of each attempt."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import stamina

from qie_batch.errors import EngineLost, Fenced, LedgerUnavailable, Preempted, StoreUnavailable
from qie_batch.model import Priority, Usage
from qie_batch.steps.edit.shutdown import Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.interfaces import Attempts
    from qie_batch.model import Attempt
    from qie_batch.steps.edit.device import Device

log = logging.getLogger(__name__)

_T = TypeVar("_T")

#: Seconds between two heartbeats, and the least number of heartbeats in a lease, as some may fail.
HEARTBEAT_SECONDS, HEARTBEATS_PER_LEASE = 2.0, 6
#: Seconds between two checks of a waiting thread.
POLL_SECONDS = 0.2
#: How long the write of a finished edit is retried during an outage of ledger or store.
WRITE_TIMEOUT_SECONDS = 600.0


class HeldLease:
    """One attempt in this process: its step, its usage, and whether it is fenced."""

    def __init__(self, attempt: Attempt, shutdown: Shutdown) -> None:
        self.attempt = attempt
        self.fenced = False
        self.last_step = 0
        self.images = 0
        #: As `Usage.phases`.
        self.phases: dict[str, float] = {}
        self._shutdown = shutdown
        # Seconds so far, and when the device was acquired by its clock: one tuple, so that every read is
        # consistent.
        self._meter: tuple[float, float | None] = (0.0, None)
        self._clock: Callable[[], float] = time.monotonic
        self._entered = 0.0
        self._progressed = 0.0

    @property
    def usage(self) -> Usage:
        """The usage of the attempt so far."""
        return Usage(seconds=self._seconds, images=self.images, phases=dict(self.phases))

    @property
    def _seconds(self) -> float:
        before, entered = self._meter
        return before + (self._clock() - entered if entered is not None else 0.0)

    @property
    def stalled_seconds(self) -> float:
        """Seconds since the last step on the device; 0 while the attempt does not use the device."""
        return time.monotonic() - self._progressed if self._meter[1] is not None else 0.0

    def check_fence(self) -> None:
        """Raise Fenced if a heartbeat found that this attempt is fenced."""
        if self.fenced:
            raise Fenced(f"item {self.attempt.item_id} went on without attempt {self.attempt.number}")

    def check(self) -> None:
        """Raise Fenced, or Preempted if the process exits before this edit can end."""
        self.check_fence()
        if self._shutdown.begun and time.monotonic() + self._remaining() > self._shutdown.deadline:
            raise Preempted(f"item {self.attempt.item_id} is handed back: this process is leaving")

    def step(self, number: int) -> None:
        """Record the step (from 1) that the engine has done, and `check`."""
        self.last_step = number
        self._progressed = time.monotonic()
        self.check()

    def _remaining(self) -> float:
        """Estimated seconds to the end of the edit, from the steps so far; infinity before the first step."""
        steps = self.attempt.spec.params.steps or 1
        if self.last_step >= steps:
            return 0.0
        if not self.last_step:
            return float("inf")
        return (time.monotonic() - self._entered) / self.last_step * (steps - self.last_step)

    @contextmanager
    def on_device(self, device: Device) -> Iterator[None]:
        """Wait for the device and count the seconds on the device; raises as `check`."""
        interactive = self.attempt.priority is Priority.INTERACTIVE
        with device.hold(self.attempt.item_id, interactive=interactive, check=self.check):
            self.check()
            self._progressed = self._entered = time.monotonic()
            self._clock = device.clock
            self._meter = (self._seconds, self._clock())
            try:
                yield
            except EngineLost:
                self._shutdown.begin(0.0)  # before another thread enters the device
                raise
            finally:
                self._meter = (self._seconds, None)


class LeaseKeeper:
    """Renews every lease of this process from one thread."""

    def __init__(self, attempts: Attempts, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self.shutdown = Shutdown()
        self._attempts = attempts
        self._leases: set[HeldLease] = set()
        self._changed = threading.Condition()
        self._exclusive = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._heartbeat, name="leases", daemon=True)
        self._thread.start()

    def wait_for_turn(self) -> bool:
        """Return True once no item runs alone, False once this process has to exit."""
        with self._changed:
            while self._exclusive and not self.shutdown.begun:
                self._changed.wait(timeout=POLL_SECONDS)
        return not self.shutdown.begun

    @contextmanager
    def keep(self, attempt: Attempt) -> Iterator[HeldLease]:
        """Renew the attempt's lease until the block ends."""
        lease = HeldLease(attempt, self.shutdown)
        with self._changed:
            self._leases.add(lease)
        try:
            yield lease
        finally:
            with self._changed:
                self._leases.discard(lease)
                self._changed.notify_all()

    @contextmanager
    def admit(self, lease: HeldLease) -> Iterator[None]:
        """Run an item with earlier crashes alone, so that another crash is charged to no other item.

        Waits for the items that began before; items that begin later get Preempted.
        """
        with self._changed:
            if self._exclusive:
                raise Preempted(f"item {lease.attempt.item_id} is handed back: another item has to run alone")
            self._exclusive = exclusive = lease.attempt.crashes > 0
        try:
            if exclusive:
                self._wait_until_alone(lease)
            yield
        finally:
            if exclusive:
                with self._changed:
                    self._exclusive = False
                    self._changed.notify_all()

    def _wait_until_alone(self, lease: HeldLease) -> None:
        with self._changed:
            while len(self._leases) > 1:
                lease.check()
                self._changed.wait(timeout=POLL_SECONDS)

    def retry_write(self, write: Callable[[], _T]) -> _T:
        """Call `write`, retrying during an outage of ledger or store unless this process exits."""

        def may_pass(error: Exception) -> bool:
            return isinstance(error, LedgerUnavailable | StoreUnavailable) and not self.shutdown.begun

        for attempt in stamina.retry_context(
            on=may_pass,
            attempts=None,
            timeout=WRITE_TIMEOUT_SECONDS,
            wait_initial=1.0,
            wait_jitter=0.0,
            wait_max=1.0,
        ):
            with attempt:
                return write()
        raise AssertionError("the last try returns or raises")

    def held(self) -> list[HeldLease]:
        with self._changed:
            return list(self._leases)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _heartbeat(self) -> None:
        while not self._stopped.wait(min(HEARTBEAT_SECONDS, self.lease_seconds / HEARTBEATS_PER_LEASE)):
            for lease in self.held():
                try:
                    held = self._attempts.renew(
                        lease.attempt, self.lease_seconds, lease.last_step, lease.usage
                    )
                except LedgerUnavailable as error:
                    log.warning("no heartbeat: %s", error)
                    break
                if not held:
                    lease.fenced = True
