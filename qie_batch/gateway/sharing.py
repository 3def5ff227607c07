"""What the requests of one process share: their number, and what was read from the ledger a moment ago."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qie_batch.errors import Unavailable
from qie_batch.interfaces import Costs
from qie_batch.model import LiveWorker, Progress

#: Jobs whose progress is remembered.
REMEMBERED = 2000


class Turns:
    """Lets a few requests at a time do work that takes memory and processor."""

    def __init__(self, number: int, wait_seconds: float) -> None:
        self._free = threading.BoundedSemaphore(number)
        self._wait_seconds = wait_seconds

    @contextmanager
    def one(self) -> Iterator[None]:
        """Unavailable where no other request ends in time."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise Unavailable(
                "too many catalogs are read at the moment", code="busy", hint="send the request again"
            )
        try:
            yield
        finally:
            self._free.release()


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    read_at: float = float("-inf")
    progress: Progress | None = None


class RecentWorkers:
    """The worker processes that live, asked once in `seconds` however many want to know."""

    def __init__(self, live_workers: Callable[[float], Iterable[LiveWorker]], seconds: float = 2.0) -> None:
        self._live_workers = live_workers
        self._seconds = seconds
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._found: tuple[LiveWorker, ...] = ()

    def ask(self, answer_seconds: float) -> tuple[LiveWorker, ...]:
        """Waits while another asks. QueueUnavailable."""
        with self._lock:
            if time.monotonic() - self._asked_at > self._seconds:
                self._found = tuple(self._live_workers(answer_seconds))
                self._asked_at = time.monotonic()
            return self._found


class RecentProgress:
    """The progress of jobs, read from the ledger once in `seconds` however many ask."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._entries: dict[tuple[str | None, str], _Entry] = {}
        self._lock = threading.Lock()

    def of(self, job_id: str, costs: Costs, owner: str | None) -> Progress:
        """As `costs`, which are the owner's, say it. NotFound."""
        entry = self._entry(owner, job_id)
        with entry.lock:
            if entry.progress is None or time.monotonic() - entry.read_at > self._seconds:
                entry.progress = costs.progress(job_id)
                entry.read_at = time.monotonic()
            return entry.progress

    def known(self, job_id: str, owner: str | None) -> Progress | None:
        """What `of` would give without the ledger, None where it has to ask; never waits."""
        entry = self._entries.get((owner, job_id))
        if entry is None or time.monotonic() - entry.read_at > self._seconds:
            return None
        return entry.progress

    def forget(self, job_id: str) -> None:
        """Read anew, as the job was changed."""
        with self._lock:
            for key in [key for key in self._entries if key[1] == job_id]:
                del self._entries[key]

    def _entry(self, owner: str | None, job_id: str) -> _Entry:
        with self._lock:
            if len(self._entries) >= REMEMBERED:
                self._entries.clear()
            return self._entries.setdefault((owner, job_id), _Entry())
