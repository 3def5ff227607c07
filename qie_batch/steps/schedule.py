"""Due schedules are submitted: each slot once, however many processes look at the clock."""

from __future__ import annotations

import hashlib
import logging
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from croniter import croniter

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.model import JobState, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Clock, Jobs, Schedules
    from qie_batch.model import Schedule

log = logging.getLogger(__name__)

#: How long a slot waits whose services were away.
RUN_RETRY_SECONDS = 15.0
#: A control process that took a slot submits within this time or is taken for dead.
RUN_LEASE_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleContext:
    schedules: Schedules
    jobs: Jobs
    clock: Clock
    #: Submits a run of the schedule under this job id.
    submit: Callable[[Schedule, str], None]


def run_due(context: ScheduleContext) -> int:
    """Submit every schedule whose latest due time has no slot yet; says how many it took.

    Times missed while everything was down are caught up once: only the latest of them is run. `submit`
    gets the job id to use, the same for the same slot, so that a run begun twice is one job.
    """
    now = context.clock.now()
    taken = 0
    for schedule in context.schedules.all():
        due_at = latest_due(schedule, now)
        if due_at <= schedule.created_at or not context.schedules.take_run(
            schedule.name, due_at, RUN_LEASE_SECONDS
        ):
            continue
        taken += 1
        try:
            run(schedule, due_at, context)
        except Unavailable as error:
            # The slot stays taken; in a little while somebody tries again.
            context.schedules.reopen_run(schedule.name, due_at, RUN_RETRY_SECONDS)
            log.warning("schedule %s waits: %s", schedule.name, error)
    return taken


def run(schedule: Schedule, due_at: float, context: ScheduleContext) -> None:
    """Run one slot that was taken, and write down what became of it."""
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
    """Submit it outside its clock, as a slot of this very moment; the job's id. UsageError says why not."""
    due_at = context.clock.now()
    context.schedules.take_run(schedule.name, due_at, RUN_LEASE_SECONDS)
    run(schedule, due_at, context)
    slot = next(
        slot for slot in context.schedules.latest_runs(schedule.name, limit=10) if slot.due_at == due_at
    )
    if not slot.job_id:
        raise UsageError(f"schedule {schedule.name} was not run: {slot.note}")
    return slot.job_id


def latest_due(schedule: Schedule, now: float) -> float:
    """The last time at or before `now` that the cron names, in the schedule's own timezone."""
    # croniter looks strictly before its start: begin at the next whole second, so that `now` itself counts.
    start = datetime.fromtimestamp(math.floor(now) + 1, ZoneInfo(schedule.timezone))
    found: datetime = croniter(schedule.cron, start).get_prev(datetime)
    return (found.replace(fold=0) if _is_repeat(schedule, found) else found).timestamp()


def next_due(schedule: Schedule, now: float) -> float:
    times = croniter(schedule.cron, datetime.fromtimestamp(now, ZoneInfo(schedule.timezone)))
    found: datetime = times.get_next(datetime)
    while _is_repeat(schedule, found):
        found = times.get_next(datetime)
    return found.timestamp()


def _is_repeat(schedule: Schedule, found: datetime) -> bool:
    """Autumn's clock shows an hour twice: the second counts only where the cron names every hour."""
    hours = schedule.cron.split()[1:2]
    return bool(found.fold) and not any("*" in hour for hour in hours)


def run_job_id(schedule: Schedule, due_at: float) -> str:
    """The same for the same slot, with its day in front."""
    day = datetime.fromtimestamp(due_at, UTC).strftime("%y%m%d")
    return f"{day}-{hashlib.sha256(f'{schedule.name}@{due_at}'.encode()).hexdigest()[:8]}"


def _still_running(schedule: Schedule, context: ScheduleContext) -> str:
    """The job of the latest submitted slot if it is not closed, else ""."""
    for slot in context.schedules.latest_runs(schedule.name, limit=10):
        if slot.state is RunState.SUBMITTED:
            job = context.jobs.get(slot.job_id)
            return "" if job.state is JobState.CLOSED else job.id
    return ""
