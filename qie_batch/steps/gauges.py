"""Figures over all jobs: what waits and for how long, what it will take, and which schedule is late."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from qie_batch.errors import QieError
from qie_batch.model import GaugeReading, ItemState, JobState, Workload
from qie_batch.steps.schedule import RUN_RETRY_SECONDS, latest_due, problem_of

if TYPE_CHECKING:
    from qie_batch.interfaces import Costs, EngineCatalog, Gauges, Schedules
    from qie_batch.model import Backlog, ItemGroup

#: Seconds for which a reading is shown; less than the lease, so that two processes never show one each.
SHOWN_SECONDS, LEASE_SECONDS = 30.0, 40.0
#: What is still to be done, by the state of its job.
_AHEAD = {
    JobState.OPEN: (ItemState.PENDING, ItemState.QUEUED, ItemState.RUNNING),
    JobState.PAUSED: (ItemState.RUNNING,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugesContext:
    gauges: Gauges
    costs: Costs
    schedules: Schedules
    engines: EngineCatalog
    #: Names this process, as long as it runs.
    holder: str


def read_gauges(context: GaugesContext) -> GaugeReading | None:
    """The figures, or None while another process reads them; the workload is written for autoscalers."""
    began = time.monotonic()
    if not context.gauges.lead(context.holder, LEASE_SECONDS):
        return None
    backlog = context.gauges.backlog()
    claims = context.gauges.latest_claims()
    waiting = _waiting(backlog)
    workload = _workload(backlog, context)
    for engine in claims:
        for interactive in (False, True):
            waiting.setdefault((engine, interactive), 0.0)
            workload.setdefault((engine, interactive), Workload())
    never = {engine for engine, _ in waiting} - claims.keys()
    claims |= {engine: max(waiting.get((engine, lane), 0.0) for lane in (False, True)) for engine in never}
    # An engine that was never used has rows, too: an autoscaler takes a missing row for an error.
    unused = dict.fromkeys(product(context.engines.names(), (False, True)), Workload())
    context.gauges.record(unused | workload)
    return GaugeReading(
        backlog=backlog,
        waiting_seconds=waiting,
        workload=workload,
        claim_seconds=claims,
        budget_used=context.gauges.budget_used(),
        overdue_seconds=_overdue(backlog.now, context),
        read_at=time.time(),
        valid_until=began + SHOWN_SECONDS,
    )


def _waiting(backlog: Backlog) -> dict[tuple[str, bool], float]:
    """Seconds for which the oldest item waits, by engine and lane."""
    waiting: dict[tuple[str, bool], float] = defaultdict(float)
    for group in backlog.groups:
        since = group.waiting_since
        key = (group.engine, group.interactive)
        waiting[key] = max(waiting[key], 0.0 if since is None else backlog.now - since)
    return waiting


def _workload(backlog: Backlog, context: GaugesContext) -> dict[tuple[str, bool], Workload]:
    """By engine and lane, both lanes of each engine."""
    workload = {
        (engine, lane): Workload()
        for engine in {group.engine for group in backlog.groups}
        for lane in (False, True)
    }
    for group in backlog.groups:
        before = workload[group.engine, group.interactive]
        ahead = sum(group.counts[state] for state in _AHEAD.get(group.job_state, ()))
        if ahead:
            workload[group.engine, group.interactive] = Workload(
                items=before.items + ahead, seconds=before.seconds + ahead * _seconds(group, context)
            )
    return workload


def _seconds(group: ItemGroup, context: GaugesContext) -> float:
    """Of one edit: the mean of the latest ones, else what the engine says of itself."""
    history = context.costs.history(group.engine, group.preset)
    if history.edits:
        return history.seconds
    try:
        return context.engines.info(group.engine).expected_seconds(group.preset)
    except QieError:
        return 0.0  # an engine that only its workers have


def _overdue(now: float, context: GaugesContext) -> float:
    """The largest delay of a scheduled run that was due and did not begin."""
    begun = context.gauges.begun_runs(RUN_RETRY_SECONDS)
    overdue = 0.0
    for schedule in context.schedules.all():
        if problem_of(schedule):
            continue
        due = latest_due(schedule, now)
        if due is not None and due > max(schedule.created_at, begun.get(schedule.name, 0.0)):
            overdue = max(overdue, now - due)
    return overdue
