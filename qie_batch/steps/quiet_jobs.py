"""Whether a job has been left alone long enough for its tables to be written anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds without another decision, and the longest time for which decisions that go on put it off.
QUIET_SECONDS, LONGEST_SECONDS = 5.0, 60.0


@dataclass(slots=True)
class _Seen:
    value: float
    first: float
    last: float


class QuietJobs:
    """By this process's own clock, as the jobs' changes are only compared with one another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def is_due(self, job_id: str, value: float) -> bool:
        """Call with each look; the value is another one after each change of the job."""
        now = self._clock()
        seen = self._seen.setdefault(job_id, _Seen(value, now, now))
        if seen.value != value:
            seen.value, seen.last = value, now
        return now - seen.last >= QUIET_SECONDS or now - seen.first >= LONGEST_SECONDS

    def forget(self, job_id: str) -> None:
        """Begin anew with the next change."""
        self._seen.pop(job_id, None)
