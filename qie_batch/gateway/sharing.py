"""What the requests of one process share: their number, and what was read from the ledger a moment ago."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from qie_batch import views
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


class ReadProgress:
    """The progress of a job, and when it was read (monotonic)."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.read_at = time.monotonic()

    @cached_property
    def json(self) -> bytes:
        """The view of the job, as a client gets it."""
        return views.dumped_json(views.job_view(self.progress))


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    read: ReadProgress | None = None


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

    def of(self, job_id: str, costs: Costs, owner: str | None) -> ReadProgress:
        """As `costs`, which are the owner's, say it. NotFound."""
        entry = self._entry(owner, job_id)
        with entry.lock:
            if self._is_old(entry.read):
                entry.read = ReadProgress(costs.progress(job_id))
            assert entry.read
            return entry.read

    def known(self, job_id: str, owner: str | None) -> ReadProgress | None:
        """What `of` would give without the ledger, None where it has to ask; never waits."""
        entry = self._entries.get((owner, job_id))
        read = entry.read if entry else None
        return None if self._is_old(read) else read

    def forget(self, job_id: str) -> None:
        """Read anew, as the job was changed."""
        with self._lock:
            for key in [key for key in self._entries if key[1] == job_id]:
                del self._entries[key]

    def _is_old(self, read: ReadProgress | None) -> bool:
        return read is None or time.monotonic() - read.read_at > self._seconds

    def _entry(self, owner: str | None, job_id: str) -> _Entry:
        with self._lock:
            if len(self._entries) >= REMEMBERED:
                self._entries.clear()
            return self._entries.setdefault((owner, job_id), _Entry())
