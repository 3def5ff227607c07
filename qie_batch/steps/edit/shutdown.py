from __future__ import annotations

import time


class Shutdown:
    """The time (monotonic seconds) by which this process must exit; infinity before `begin`."""

    def __init__(self) -> None:
        self.deadline = float("inf")

    def begin(self, grace_seconds: float) -> None:
        self.deadline = min(self.deadline, time.monotonic() + grace_seconds)

    @property
    def begun(self) -> bool:
        return self.deadline != float("inf")
