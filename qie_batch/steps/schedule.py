"""Submits due schedules: each due time once, with any number of control processes."""

from __future__ import annotations

import hashlib
import logging
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.model import JobState, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.interfaces import Clock, Jobs, Schedules
    from qie_batch.model import Schedule

log = logging.getLogger(__name__)

#: Delay before a run is tried again whose services did not answer.
RUN_RETRY_SECONDS = 15.0
#: A control process that took a run submits within this time, or another takes the run.
RUN_LEASE_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleContext:
    schedules: Schedules
    jobs: Jobs
    clock: Clock
    #: Submits a run of the schedule under this job id.
    submit: Callable[[Schedule, str], None]


def run_due(context: ScheduleContext) -> int:
    """Submit every schedule whose latest due time has no run yet; returns how many were taken.

    Of several missed due times only the latest is run. `submit` gets the same job id for the same run, so
    that a run that is started twice is one job. Raises LedgerUnavailable.
    """
    now = context.clock.now()
    taken = 0
    for schedule in context.schedules.all():
        due_at = latest_due(schedule, now)
        if (
            due_at is None
            or due_at <= schedule.created_at
            or not context.schedules.take_run(schedule.name, due_at, RUN_LEASE_SECONDS)
        ):
            continue
        taken += 1
        try:
            run(schedule, due_at, context)
        except Unavailable as error:
            # The run stays taken; after RUN_RETRY_SECONDS any control process tries again.
            context.schedules.reopen_run(schedule.name, due_at, RUN_RETRY_SECONDS)
            log.warning("schedule %s waits: %s", schedule.name, error)
    return taken


def run(schedule: Schedule, due_at: float, context: ScheduleContext) -> None:
    """Submit a run that was taken, and record its end; Unavailable leaves the run taken."""
    running = _still_running(schedule, context)
    if running:
        note = f"job {running} of the run before is still going"
        log.warning("schedule %s skipped: %s", schedule.name, note)
        context.schedules.end_run(schedule.name, due_at, RunState.SKIPPED, note=note)
        return
    job_id = run_job_id(schedule, due_at)
    try:
        context.submit(schedule, job_id)
    except (UsageError, Rejected) as error:
        log.error("schedule %s was refused: %s", schedule.name, error)  # noqa: TRY400 - the sentence is enough
        context.schedules.end_run(schedule.name, due_at, RunState.FAILED, note=" ".join(error.sentences))
    else:
        context.schedules.end_run(schedule.name, due_at, RunState.SUBMITTED, job_id=job_id)


def run_now(schedule: Schedule, context: ScheduleContext) -> str:
    """Submit a run that is due now; returns the job's id. UsageError if the run was skipped or refused."""
    due_at = context.clock.now()
    context.schedules.take_run(schedule.name, due_at, RUN_LEASE_SECONDS)
    run(schedule, due_at, context)
    runs = context.schedules.latest_runs(schedule.name, limit=10)
    found = next(found for found in runs if found.due_at == due_at)
    if not found.job_id:
        raise UsageError(f"schedule {schedule.name} was not run: {found.note}")
    return found.job_id


def check_cron(cron: str) -> None:
    """Raise ValueError, with a sentence that begins with the cron, unless the cron names future times."""
    try:
        next(_cron(cron, datetime.now(UTC)))
    except (CronSimError, StopIteration) as error:
        reason = str(error).lower() or "no date matches"
        problem = f"is not a cron expression of times that come ({reason})"
        raise ValueError(f"{cron!r} {problem}: minute, hour, day, month, weekday") from None


def latest_due(schedule: Schedule, now: float) -> float | None:
    """The last due time at or before `now`, by the schedule's timezone; None where there is none."""
    # CronSim yields times strictly before its start: the next whole second includes `now` itself.
    due = next(_times(schedule, math.floor(now) + 1, reverse=True), None)
    # In reverse, CronSim misses the times of a repeated hour (end of DST): search forward from there.
    while due is not None and (later := next_due(schedule, due)) is not None and later <= now:
        due = later
    return due


def next_due(schedule: Schedule, now: float) -> float | None:
    """The first due time after `now`; None for a cron without one, which `check_cron` refuses."""
    # In a repeated hour (end of DST), CronSim starts from the first of the two.
    return next((due for due in _times(schedule, now) if due > now), None)


def _times(schedule: Schedule, start: float, *, reverse: bool = False) -> Iterator[float]:
    begin = datetime.fromtimestamp(start, ZoneInfo(schedule.timezone))
    with suppress(CronSimError):
        for due in _cron(schedule.cron, begin, reverse=reverse):
            yield due.timestamp()


def _cron(cron: str, start: datetime, *, reverse: bool = False) -> CronSim:
    """CronSimError for anything but five fields; CronSim itself accepts a sixth, for seconds."""
    if len(cron.split()) != 5:
        raise CronSimError("wrong number of fields")
    return CronSim(cron, start, reverse=reverse)


def run_job_id(schedule: Schedule, due_at: float) -> str:
    """The id of the run's job: day (UTC), then a hash of schedule and due time."""
    day = datetime.fromtimestamp(due_at, UTC).strftime("%y%m%d")
    return f"{day}-{hashlib.sha256(f'{schedule.name}@{due_at}'.encode()).hexdigest()[:8]}"


def _still_running(schedule: Schedule, context: ScheduleContext) -> str:
    """The job of the latest submitted run if the job is not closed, else ""."""
    for found in context.schedules.latest_runs(schedule.name, limit=10):
        if found.state is RunState.SUBMITTED:
            job = context.jobs.get(found.job_id)
            return "" if job.state is JobState.CLOSED else job.id
    return ""
