"""Reads that are counted in Redis before they come, so that a busy subject costs a round trip for many.

The first read of a subject is counted by itself. The next ones within a second are counted two, four, and up
to MOST at a time, and used up by this process alone. What is left after a second is lost: a subject is never
let beyond its rate, and counted at most MOST - 1 reads too many when it falls silent.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

#: What is counted for: kind, tenant and name.
Key = tuple[str, str, str]

#: Reads counted in one step, and the part of a rate that this may be at most.
MOST, PART = 16, 10
SECONDS = 1.0
#: Subjects that are remembered at once.
SUBJECTS = 10_000


@dataclass(slots=True)
class _Step:
    number: int
    left: int
    ends: float


class CountedAhead:
    """Thread-safe."""

    def __init__(self, amount: int) -> None:
        """`amount` is the smallest number of reads that a rate allows."""
        self._most = max(1, min(MOST, amount // PART))
        self._steps: dict[Key, _Step] = {}
        self._lock = threading.Lock()

    def take(self, key: Key) -> bool:
        """Use up one read that was counted; False where none is left."""
        with self._lock:
            step = self._steps.get(key)
            if step is None or not step.left or time.monotonic() >= step.ends:
                return False
            step.left -= 1
            return True

    def due(self, key: Key) -> int:
        """How many reads are to be counted now, the one that has come among them."""
        now = time.monotonic()
        with self._lock:
            if len(self._steps) >= SUBJECTS:
                self._steps.clear()
            step = self._steps.setdefault(key, _Step(1, 0, 0.0))
            goes_on = now < step.ends
            step.number = min(self._most, 2 * step.number) if goes_on else 1
            step.left = step.left if goes_on else 0
            step.ends = now + SECONDS
            return step.number

    def add(self, key: Key, number: int) -> None:
        """So many were counted beside the one that has come."""
        with self._lock:
            if step := self._steps.get(key):
                step.left += number
