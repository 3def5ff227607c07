"""What people read while they wait: bars on a terminal, plain lines otherwise, always on stderr."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from qie_batch.model import ItemState, JobState
from qie_batch.pricing import decimal_usd, usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.interfaces import Costs
    from qie_batch.model import Progress

#: Between two plain lines, and between two looks at the ledger.
LINE_SECONDS, LOOK_SECONDS = 1.0, 0.2
#: A job that nobody touched for so long may have nobody to touch it.
IDLE_SECONDS = 15.0


def note(text: str) -> None:
    click.echo(text, err=True)


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with the number of things done so far."""
    if sys.stderr.isatty():
        with click.progressbar(length=total or 1, label=what, file=sys.stderr, show_pos=True) as shown:
            done = 0

            def advance(now: int) -> None:
                nonlocal done
                shown.update(now - done)
                done = now

            yield advance
        return
    last = time.monotonic()

    def line(now: int) -> None:
        nonlocal last
        if time.monotonic() - last > LINE_SECONDS:
            last = time.monotonic()
            note(f"{what}: {now}" + (f" of {total}" if total else ""))

    yield line


def wait(costs: Costs, job_id: str) -> Progress:
    """Show the job's progress until it is closed or paused."""
    first = costs.progress(job_id)
    began, warned = time.monotonic(), False
    with bar("editing", first.total) as show:
        while True:
            progress = costs.progress(job_id)
            show(progress.done)
            if progress.job.state is not JobState.OPEN:
                return progress
            idle = not progress.attempts and time.monotonic() - began > IDLE_SECONDS
            if idle and not warned:
                warned = True
                engine = progress.job.order.engine
                note(f"no worker with engine {engine} has taken anything yet: are worker and control up?")
            time.sleep(LOOK_SECONDS)


def sentence(progress: Progress) -> str:
    """One line about a job."""
    counts = progress.counts
    parts = [f"{counts[ItemState.SUCCEEDED]} of {progress.total} succeeded"]
    if progress.cached:
        parts.append(f"{progress.cached} of them cached")
    parts += [
        f"{counts[state]} {state}"
        for state in (
            ItemState.FAILED,
            ItemState.CANCELLED,
            ItemState.RUNNING,
            ItemState.QUEUED,
            ItemState.PENDING,
        )
        if counts[state]
    ]
    return f"{', '.join(parts)}; spent {usd(progress.spent_micros)}"


def remaining_seconds(progress: Progress) -> float | None:
    """By the rate of the last minute; None while nothing was finished in it."""
    left = progress.total - progress.done
    if not left:
        return 0.0
    window = min(60.0, max(progress.now - progress.job.created_at, 1.0))
    return left * window / progress.last_minute if progress.last_minute else None


def progress_json(progress: Progress) -> dict[str, Any]:
    job = progress.job
    return {
        "job": job.id,
        "name": job.order.name,
        "state": job.state,
        "pause_reason": job.pause_reason,
        "engine": job.order.engine,
        "engine_reason": job.engine_reason,
        "preset": job.order.preset,
        "total": progress.total,
        "counts": dict(progress.counts),
        "cached": progress.cached,
        "attempts": progress.attempts,
        "failures": dict(progress.failures),
        "device_seconds": round(progress.seconds, 3),
        "spent_usd": decimal_usd(progress.spent_micros),
        "saved_usd": decimal_usd(progress.saved_micros),
        "lost_usd": decimal_usd(progress.lost_micros),
        "budget_usd": None if job.order.budget_micros is None else decimal_usd(job.order.budget_micros),
        "edits_last_minute": progress.last_minute,
        "remaining_seconds": remaining_seconds(progress),
        "wall_seconds": round((job.closed_at or progress.now) - job.created_at, 3),
    }
