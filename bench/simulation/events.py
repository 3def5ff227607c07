"""The clock of a simulation: actions in the order of their times."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Loop:
    """Actions of one time run in the order in which they were added."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._added = 0

    def after(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        self._added += 1
        heapq.heappush(self._heap, (self.now + seconds, self._added, action, arguments))

    def at(self, time: float, action: Callable[..., None], *arguments: Any) -> None:
        """Now, where the time is over."""
        self.after(max(time - self.now, 0.0), action, *arguments)

    def every(self, seconds: float, action: Callable[[], None], phase: float = 0.0) -> None:
        """For as long as the simulation runs; the first time after `phase` seconds."""

        def again() -> None:
            action()
            self.after(seconds, again)

        self.after(phase, again)

    def run(self, until: float = math.inf) -> None:
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, action, arguments = heapq.heappop(heap)
            action(*arguments)
        if until < math.inf:
            self.now = until

    def run_while(self, goes_on: Callable[[], bool]) -> None:
        """Until the condition, which is asked after each action, no longer holds."""
        heap = self._heap
        while heap and goes_on():
            self.now, _, action, arguments = heapq.heappop(heap)
            action(*arguments)
