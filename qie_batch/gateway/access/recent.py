"""Answers that may be a second or two old, so that a busy client costs the ledger little."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Two replicas of the gateway, and a command of a person, are at most so far apart.
SECONDS = 1.5
#: Keys that are remembered at once; a flood of others empties the memory.
MOST = 10_000


class Recent(Generic[T]):
    """Thread-safe; two threads may ask for the same key at the same time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, T]] = {}

    def get(self, key: str, ask: Callable[[], T]) -> T:
        """What `ask` said of the key at most that long ago; its errors are not remembered."""
        began = time.monotonic()
        if known := self.known(key):
            return known[0]
        answer = ask()
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = (began, answer)
        return answer

    def known(self, key: str) -> tuple[T] | None:
        """The answer that `get` would give without asking, None where it would ask."""
        with self._lock:
            found = self._known.get(key)
        return (found[1],) if found and time.monotonic() - found[0] < self._seconds else None
