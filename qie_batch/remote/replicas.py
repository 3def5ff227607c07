"""The servers of one engine: which of them gets the next edit, and which gets none for a while."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import Unavailable
from qie_batch.redaction import without_secrets
from qie_batch.remote.connection import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

log = logging.getLogger(__name__)

#: Seconds until the first probe of a server that failed, doubled for each that fails; and the most.
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 60.0

Sizes = tuple[tuple[int, int], ...]


@dataclass(slots=True, kw_only=True)
class Replica:
    """One server; times are by `time.monotonic`."""

    url: str
    running: int = 0
    #: Number of the latest edit, so that equally busy servers take turns.
    turn: int = 0
    paused_until: float = 0.0
    #: Why its circuit breaker is open, "" while it is closed.
    broken: str = ""
    #: Of the edit that opened the breaker: a probe of these sizes closes it.
    broken_by: Sizes = ()
    failures: int = 0
    probe_at: float = 0.0
    probing: bool = False
    succeeded_at: float = float("-inf")

    @property
    def shown(self) -> str:
        return without_secrets(self.url)


class Replicas:
    def __init__(self, urls: Sequence[str], in_flight: int) -> None:
        self._all = [Replica(url=url) for url in urls]
        self._in_flight = in_flight
        self._turns = 0
        self._changed = threading.Condition()

    @property
    def all(self) -> Sequence[Replica]:
        return self._all

    @property
    def any_open_for_edits(self) -> bool:
        now = time.monotonic()
        with self._changed:
            return any(not each.broken and each.paused_until <= now for each in self._all)

    @contextmanager
    def use(self, check: Callable[[], None], patience: float) -> Iterator[Replica]:
        """The least busy server, waited for until `patience` (by `time.monotonic`); raises as `check`.

        Unavailable if all are broken, or none will be free in time.
        """
        replica = self._wait_for_one(check, patience)
        try:
            yield replica
        finally:
            with self._changed:
                replica.running -= 1
                self._changed.notify_all()

    def pause(self, replica: Replica, seconds: float) -> None:
        log.info("%s is busy: no edit for %.1f s", replica.shown, seconds)
        with self._changed:
            replica.paused_until = max(replica.paused_until, time.monotonic() + seconds)

    def break_(self, replica: Replica, reason: str, sizes: Sizes = ()) -> None:
        """Open the circuit breaker: no edit before a probe has succeeded."""
        with self._changed:
            first = not replica.broken
            replica.failures += 1
            backoff = min(FIRST_BACKOFF * 2.0 ** min(replica.failures - 1, 10), LONGEST_BACKOFF)
            replica.broken, replica.probe_at = reason, time.monotonic() + backoff
            replica.broken_by = sizes or replica.broken_by
            self._changed.notify_all()
        log.log(logging.WARNING if first else logging.INFO, "%s gets no edits: %s", replica.shown, reason)

    def succeeded(self, replica: Replica) -> None:
        """Close the circuit breaker."""
        with self._changed:
            if replica.broken:
                log.info("%s is back", replica.shown)
            replica.broken, replica.broken_by, replica.failures = "", (), 0
            replica.succeeded_at = time.monotonic()
            self._changed.notify_all()

    @contextmanager
    def to_probe(self) -> Iterator[Replica | None]:
        """A broken server whose back-off is over, for this thread alone; None if there is none."""
        with self._changed:
            now = time.monotonic()
            due = [each for each in self._all if each.broken and not each.probing and each.probe_at <= now]
            replica = min(due, key=lambda each: each.probe_at, default=None)
            if replica:
                replica.probing = True
        try:
            yield replica
        finally:
            if replica:
                with self._changed:
                    replica.probing = False

    def _wait_for_one(self, check: Callable[[], None], patience: float) -> Replica:
        while True:
            check()
            with self._changed:
                now = time.monotonic()
                replica = self._free(now)
                if replica:
                    self._turns += 1
                    replica.running, replica.turn = replica.running + 1, self._turns
                    return replica
                self._check_hope(now, patience)
                self._changed.wait(POLL_SECONDS)

    def _free(self, now: float) -> Replica | None:
        free = [
            each
            for each in self._all
            if not each.broken and each.paused_until <= now and each.running < self._in_flight
        ]
        return min(free, key=lambda each: (each.running, each.turn), default=None)

    def _check_hope(self, now: float, patience: float) -> None:
        whole = [each for each in self._all if not each.broken]
        if not whole:
            reasons = "; ".join(f"{each.shown}: {each.broken}" for each in self._all)
            raise Unavailable(f"no server of the engine takes edits ({reasons})", code="engine_down")
        if now >= patience or all(each.paused_until > patience for each in whole):
            seconds = max(0.0, min(each.paused_until for each in whole) - now)
            raise Unavailable(
                f"every server of the engine is busy and wants to be asked again in {seconds:.0f} s",
                code="engine_busy",
            )
