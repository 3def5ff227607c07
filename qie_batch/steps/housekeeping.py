"""Deletes what nothing needs any more.

Uploads of yesterday, requests that are sent again no more, and how worker processes of last season began.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.steps.uploads import remove_old
from qie_batch.steps.uploads.submitting import REMEMBERED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Clock, ObjectStore, Requests, Schedules, Workers

#: Between two passes, each of which lists every upload.
PAUSE_SECONDS = 1800.0
#: For so long it is known how a worker process began.
STARTS_SECONDS = 90 * 86_400.0


@dataclass(slots=True, kw_only=True)
class Housekeeping:
    store: ObjectStore
    #: Of every tenant.
    schedules: Schedules
    requests: Requests
    workers: Workers
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    _last: float = field(default=-math.inf, init=False)

    def run_if_due(self) -> int:
        """One pass in PAUSE_SECONDS; says how many objects and rows were deleted."""
        if self.monotonic() - self._last < PAUSE_SECONDS:
            return 0
        catalogs = [schedule.catalog for schedule in self.schedules.all()]
        removed = remove_old(self.store, catalogs, self.clock.now())
        removed += self.requests.prune(REMEMBERED_SECONDS)
        removed += self.workers.prune(STARTS_SECONDS)
        self._last = self.monotonic()
        return removed
