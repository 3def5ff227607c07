"""Submits due schedules: each due time once, with any number of control processes."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qie_batch.errors import LedgerUnavailable, NotFound, Rejected, Unavailable, UsageError
from qie_batch.model import JobState, RunState
from qie_batch.steps.repeats import Repeats
from qie_batch.steps.schedule.due_times import latest_due, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Clock, Jobs, Schedules
    from qie_batch.model import Schedule

log = logging.getLogger(__name__)

#: Delay before a run is tried again whose services did not answer.
RUN_RETRY_SECONDS = 15.0
#: A control process that took a run goes on within this time, or another takes the run.
RUN_LEASE_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleContext:
    schedules: Schedules
    jobs: Jobs
    clock: Clock
    #: Submits a run of the schedule under this job id; calls the last argument whenever some work is done.
    submit: Callable[[Schedule, str, Callable[[], None]], None]
    #: What was logged of each schedule.
    repeats: Repeats = field(default_factory=Repeats)
    #: Between two renewals of the lease of a run that is being submitted.
    renew_seconds: float = RUN_LEASE_SECONDS / 10
    #: Whether this process is to end: a run that is being submitted is left to another one.
    is_stopping: Callable[[], bool] = lambda: False


def run_due(context: ScheduleContext) -> int:
    """Submit every schedule whose latest due time has no run yet; returns how many were taken.

    Of several missed due times only the latest is run. `submit` gets the same job id for the same run, so
    that a run that is started twice is one job. Raises LedgerUnavailable.
    """
    now = context.clock.now()
    return sum(_run_if_due(schedule, now, context) for schedule in context.schedules.all())


def _run_if_due(schedule: Schedule, now: float, context: ScheduleContext) -> bool:
    """Whether the run was taken. Whatever is wrong with one schedule, the others are looked at."""
    try:
        problem = problem_of(schedule)
        if problem:
            _log(schedule, f"is broken and does not run: {problem}", context)
            return False
        due_at = latest_due(schedule, now)
        if due_at is None or due_at <= schedule.created_at:
            return False
        return _take(schedule, due_at, context)
    except LedgerUnavailable:
        raise
    except Exception as error:
        if context.repeats.is_new(schedule.name, repr(error)):
            log.exception("schedule %s cannot be run", schedule.name)
        return False


def _take(schedule: Schedule, due_at: float, context: ScheduleContext) -> bool:
    if not context.schedules.take_run(schedule.name, due_at, RUN_LEASE_SECONDS):
        return False
    try:
        run(schedule, due_at, context)
    except Unavailable as error:
        # The run stays taken; after RUN_RETRY_SECONDS any control process tries again.
        context.schedules.reopen_run(schedule.name, due_at, RUN_RETRY_SECONDS)
        _log(schedule, f"waits: {error}", context)
    else:
        context.repeats.end(schedule.name)
    return True


def _log(schedule: Schedule, sentence: str, context: ScheduleContext) -> None:
    if context.repeats.is_new(schedule.name, sentence):
        log.warning("schedule %s %s", schedule.name, sentence)


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
        context.submit(schedule, job_id, _Renewal(schedule.name, due_at, context).if_due)
    except (UsageError, Rejected) as error:
        log.error("schedule %s was refused: %s", schedule.name, error)  # noqa: TRY400 - the sentence is enough
        context.schedules.end_run(schedule.name, due_at, RunState.FAILED, note=" ".join(error.sentences))
    else:
        context.schedules.end_run(schedule.name, due_at, RunState.SUBMITTED, job_id=job_id)


class _Renewal:
    """Keeps other processes from a run whose submission takes longer than the lease.

    Raises Unavailable once this process is to end.
    """

    def __init__(self, name: str, due_at: float, context: ScheduleContext) -> None:
        self._name = name
        self._due_at = due_at
        self._context = context
        self._last = time.monotonic()

    def if_due(self) -> None:
        if self._context.is_stopping():
            raise Unavailable("control ends before the catalog is submitted", code="stopping")
        if time.monotonic() - self._last < self._context.renew_seconds:
            return
        self._last = time.monotonic()
        # The lease outlasts several renewals that fail.
        with suppress(LedgerUnavailable):
            self._context.schedules.reopen_run(self._name, self._due_at, RUN_LEASE_SECONDS)


def run_now(schedule: Schedule, context: ScheduleContext) -> str:
    """Submit a run that is due now; returns the job's id. UsageError if the run was skipped or refused.

    The clock that cannot run a schedule, for its cron or its timezone, is no reason to refuse.
    """
    if schedule.problem:
        raise UsageError(
            f"schedule {schedule.name} is broken: {schedule.problem}", hint="remove it and add it again"
        )
    due_at = context.clock.now()
    context.schedules.take_run(schedule.name, due_at, RUN_LEASE_SECONDS)
    run(schedule, due_at, context)
    runs = context.schedules.latest_runs(schedule.name, limit=10)
    found = next(found for found in runs if found.due_at == due_at)
    if not found.job_id:
        raise UsageError(f"schedule {schedule.name} was not run: {found.note}")
    return found.job_id


def run_job_id(schedule: Schedule, due_at: float) -> str:
    """The id of the run's job: day (UTC), then a hash of schedule and due time."""
    day = datetime.fromtimestamp(due_at, UTC).strftime("%y%m%d")
    return f"{day}-{hashlib.sha256(f'{schedule.name}@{due_at}'.encode()).hexdigest()[:8]}"


def _still_running(schedule: Schedule, context: ScheduleContext) -> str:
    """The job of the latest submitted run if the job is not closed, else ""."""
    for found in context.schedules.latest_runs(schedule.name, limit=10):
        if found.state is RunState.SUBMITTED:
            try:
                job = context.jobs.get(found.job_id)
            except NotFound:  # someone has removed it from the ledger
                return ""
            return "" if job.state is JobState.CLOSED else job.id
    return ""
