"""Follow a job until nothing more happens to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qie_batch.model import JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Costs
    from qie_batch.model import Progress


def watch(costs: Costs, job_id: str, *, interval: float) -> Iterator[Progress]:
    """The job's progress every `interval` seconds; the last one is of a closed or paused job."""
    while True:
        progress = costs.progress(job_id)
        yield progress
        if progress.job.state is not JobState.OPEN:
            return
        time.sleep(interval)
