"""Made-up reports, shared by the tests that read the page and those that look at it in a browser."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qie_batch.model import ItemState, JobState, JobTiming
from qie_batch.report import ROWS_PER_REASON, Summary
from qie_batch.views import ItemView, JobView, timing_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import Usage


def item(**changes: Any) -> ItemView:
    """Edited."""
    made = ItemView(
        id="j-1.0",
        line=2,
        row_id="SKU-1",
        variant=0,
        instruction="Make the background white",
        state=ItemState.SUCCEEDED,
        cached=False,
        failure=None,
        attempts=1,
        device_seconds=1.5,
        cost_micros=2_500_000,
        engine="classic",
        device="cpu",
        width=1024,
        height=768,
        changed=0.62,
        note="",
    )
    return replace(made, **changes)


def summary(
    *,
    done: int = 3,
    cached: int = 1,
    cancelled: int = 1,
    failed: Sequence[ItemView] = (),
    job_name: str = "catalog.csv",
    usages: Sequence[Usage] = (),
    **changes: Any,
) -> Summary:
    """As the step that settles a job makes it: no more failed items of a code than are listed."""
    counts = {
        ItemState.SUCCEEDED: done,
        ItemState.FAILED: len(failed),
        ItemState.CANCELLED: cancelled,
    }
    by_code: dict[str, list[ItemView]] = {}
    for row in failed:
        assert row.failure
        by_code.setdefault(row.failure.code, []).append(row)
    job = JobView(
        job="j-1",
        name=job_name,
        state=JobState.OPEN,
        pause_reason="",
        engine="classic",
        engine_reason="There is no CUDA card on this machine.",
        preset="",
        total=sum(counts.values()),
        counts={state: counts.get(state, 0) for state in ItemState},
        cached=cached,
        attempts=0,
        failures=Counter(code for code, rows in by_code.items() for _ in rows),
        device_seconds=4.2,
        spent_micros=12_340_000,
        saved_micros=5_670_000,
        lost_micros=1_230_000,
        budget_micros=None,
        edits_last_minute=0,
        remaining_seconds=0.0,
        wall_seconds=65.0,
    )
    return Summary(
        job=replace(job, **changes),
        device="cpu",
        finished_at=1_795_374_065.0,
        failed={code: rows[:ROWS_PER_REASON] for code, rows in by_code.items()},
        timing=timing_view(JobTiming.of(usages, items=len(usages), items_read=len(usages))),
    )
