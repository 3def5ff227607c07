"""Finds out that Celery's consumer gets no messages: after a reconnect to the broker it may stay silent."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qie_batch.errors import QueueUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import WorkQueue

#: Seconds between two checks.
CHECK_SECONDS = 5.0


class ConsumerWatch:
    """A consumer is silent once messages waited for `seconds` of which this idle process took none."""

    def __init__(self, queue: WorkQueue, engine: str, seconds: float) -> None:
        self._queue = queue
        self._engine = engine
        self._seconds = seconds
        self._lock = threading.Lock()
        self._running = 0
        self._taken = 0
        self._seen = 0
        self._waiting_since: float | None = None

    @contextmanager
    def taking(self) -> Iterator[None]:
        """A message was taken, and is done with at the end of the block."""
        with self._lock:
            self._running += 1
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def is_silent(self) -> bool:
        """Asks the broker, so that the call may take as long as the broker."""
        with self._lock:
            idle = not self._running and self._seen == self._taken
            self._seen = self._taken
        if not idle or not self._messages_wait():
            self._waiting_since = None
            return False
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        return now - self._waiting_since >= self._seconds

    def _messages_wait(self) -> bool:
        try:
            return self._queue.depth(self._engine) > 0
        except QueueUnavailable:
            return False  # nothing can be taken
