"""How long this process took to be ready, and for what."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.model import WorkerStart

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of the line of /proc/self/stat behind the program's name: the time of the start, in ticks since the boot.
_START_FIELD = 19
#: A greater age is that of another clock, as in a sandbox.
_MOST_SECONDS = 3600.0


class StartClock:
    """The seconds of each phase of the start, the first of which began with the process."""

    def __init__(self, age_seconds: float | None = None) -> None:
        self._began = self._last = time.monotonic() - (process_age() if age_seconds is None else age_seconds)
        self._phases: dict[str, float] = {}

    def end(self, phase: str, parts: Mapping[str, float] | None = None) -> None:
        """The phase ends here; where something knows its parts, they come first, and the phase is the rest.

        Parts may go on at the same time, so that their sum may be greater than the seconds of all.
        """
        before, self._last = self._last, time.monotonic()
        self._phases |= parts or {}
        self._phases[phase] = max(0.0, self._last - before - sum((parts or {}).values()))

    @property
    def start(self) -> WorkerStart:
        return WorkerStart(seconds=self._last - self._began, phases=dict(self._phases))


def process_age() -> float:
    """Seconds since this process was started, by the kernel; 0 where it does not say so."""
    try:
        fields = Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()
        began = int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - began
    return age if 0 <= age < _MOST_SECONDS else 0.0
