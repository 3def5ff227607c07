"""Steps of an edit that no server reports, estimated from its time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Weight of the latest edit in the mean.
_WEIGHT = 0.3
#: Seconds between two calls of `on_step`.
_CHECK_SECONDS = 0.1


class Pace:
    """Seconds of one step, from the edits so far."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        return self._seconds

    def learn(self, seconds: float, steps: int) -> None:
        with self._lock:
            self._seconds += _WEIGHT * (seconds / steps - self._seconds)


class Progress:
    """Calls `on_step` with the step that the edit has probably reached, the last one only at its end."""

    def __init__(self, steps: int, pace: Pace, on_step: Callable[[int], None]) -> None:
        self._steps = steps
        self._pace = pace
        self._on_step = on_step
        self._began = self._checked = time.monotonic()
        #: The step that the server has reported, 0 for none.
        self._reported = 0

    def reached(self, step: int) -> None:
        """The server reports that this step is done."""
        if self._reported < step < self._steps:
            self._reported = step
            self._on_step(step)

    def check(self) -> None:
        """Raises what `on_step` raises, as when the edit is cancelled; may be called for each part read."""
        now = time.monotonic()
        if now - self._checked < _CHECK_SECONDS:
            return
        self._checked = now
        done = self._reported or int((now - self._began) / max(self._pace.seconds, 0.001))
        self._on_step(max(1, min(done, self._steps - 1)))

    def restart(self) -> None:
        """Count from now on: the edit waited for a server until now."""
        self._began = time.monotonic()
        self._reported = 0

    def finish(self) -> None:
        self._pace.learn(time.monotonic() - self._began, self._steps)
        self._on_step(self._steps)
