"""The summary of a scheduled run: read for people who ask, and told once when the run is done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound
from qie_batch.model import (
    WITH_RESULT,
    ItemSelection,
    ItemState,
    JobState,
    RunState,
    RunSummary,
    ToMend,
    WebhookEvent,
    failed_gates,
)
from qie_batch.steps.schedule.tenants import short_name
from qie_batch.views import WebhookBody, dumped, summary_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qie_batch.interfaces import Clock, Costs, Jobs, Outbox, Schedules, Tenants
    from qie_batch.model import Item, Schedule, ScheduledRun

#: Reasons for failures that a summary names.
MOST_REASONS = 5
#: Results that wait for a review whose gates are counted.
_MOST_HELD = 1000
#: Runs of a schedule that are looked at: one that ends while others are skipped is among them.
_RUNS = 5
#: A run that ended longer ago is told no more.
_TOLD_SECONDS = 86_400.0
_EVENTS = {
    RunState.SUBMITTED: WebhookEvent.SCHEDULE_DONE,
    RunState.SKIPPED: WebhookEvent.SCHEDULE_SKIPPED,
    RunState.FAILED: WebhookEvent.SCHEDULE_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryContext:
    schedules: Schedules
    jobs: Jobs
    costs: Costs
    tenants: Tenants
    outbox: Outbox
    clock: Clock
    #: What the operator is told of schedules that no tenant owns goes there, as `summary_address` gives them.
    addresses: tuple[str, ...] = ()
    gateway_url: str = ""
    #: Runs, by schedule and due time, of which nothing is to be told any more.
    told: set[tuple[str, float]] = field(default_factory=set)


def tell_runs(context: SummaryContext) -> int:
    """Tell of every run that is done, was skipped or was refused; says how many messages that made."""
    now = context.clock.now()
    return sum(
        _tell(schedule, run, now, context)
        for schedule in context.schedules.all()
        for run in context.schedules.latest_runs(schedule.name, limit=_RUNS)
        if (schedule.name, run.due_at) not in context.told
    )


def _tell(schedule: Schedule, run: ScheduledRun, now: float, context: SummaryContext) -> int:
    if run.state is RunState.TAKEN:
        return 0
    ended_at = run.due_at
    if run.state is RunState.SUBMITTED:
        try:
            job = context.jobs.get(run.job_id)
        except NotFound:  # pruned
            ended_at = 0.0
        else:
            if job.state is not JobState.CLOSED:
                return 0
            ended_at = job.closed_at or now
    written = 0
    if now - ended_at < _TOLD_SECONDS and (addresses := list(_addresses(schedule, run, context))):
        written = _write(schedule, run, addresses, now, context)
    context.told.add((schedule.name, run.due_at))
    return written


def _addresses(schedule: Schedule, run: ScheduledRun, context: SummaryContext) -> Iterator[str]:
    owner = schedule.order.owner
    if not owner:
        yield from context.addresses
    # Of runs that were skipped or refused, the ledger writes a webhook itself.
    if run.state is RunState.SUBMITTED:
        url = schedule.order.notify or (context.tenants.get(owner).notify if owner else "")
        if url:
            yield url


def _write(
    schedule: Schedule, run: ScheduledRun, addresses: list[str], now: float, context: SummaryContext
) -> int:
    """One message to each address, however many processes write it."""
    event, owner = _EVENTS[run.state], schedule.order.owner
    summary = summary_view(summary_of(schedule, run, context.jobs, context.costs), context.gateway_url)
    body = json.dumps(dumped(WebhookBody(type=event, timestamp=now, data=summary)), ensure_ascii=False)
    written = 0
    for address in addresses:
        key = hashlib.sha256(f"summary\0{schedule.name}\0{run.due_at}\0{address}".encode()).hexdigest()
        written += context.outbox.add(f"msg_{key[:32]}", owner, address, event, body)
    return written


def last_summary(schedule: Schedule, schedules: Schedules, jobs: Jobs, costs: Costs) -> RunSummary | None:
    """Of the latest run that was begun; None before the first one."""
    latest = schedules.latest_runs(schedule.name)
    return summary_of(schedule, latest[0], jobs, costs) if latest else None


def summary_of(schedule: Schedule, run: ScheduledRun, jobs: Jobs, costs: Costs) -> RunSummary:
    """As the run stands now; without figures where its job was pruned."""
    bare = RunSummary(
        schedule=short_name(schedule.order.owner, schedule.name),
        timezone=schedule.timezone,
        due_at=run.due_at,
        state=run.state,
        note=run.note,
    )
    try:
        found = costs.progress(run.job_id) if run.job_id else None
    except NotFound:
        return replace(bare, note=f"its job {run.job_id} was pruned")
    if found is None:
        return bare
    counts = found.counts
    return replace(
        bare,
        job_id=run.job_id,
        is_done=found.job.state is JobState.CLOSED,
        total=found.total,
        unchanged=found.cached,
        edited=max(0, sum(counts[state] for state in WITH_RESULT) - found.cached),
        failed=counts[ItemState.FAILED],
        cancelled=counts[ItemState.CANCELLED],
        needs_review=counts[ItemState.NEEDS_REVIEW],
        rejected=counts[ItemState.REJECTED],
        spent_micros=found.spent_micros,
        saved_micros=found.saved_micros,
        mend=(*_failures(run.job_id, found.failures, jobs), *_held_by_gates(run.job_id, jobs)),
    )


def _failures(job_id: str, failures: Mapping[str, int], jobs: Jobs) -> Iterator[ToMend]:
    dear_first = sorted(failures.items(), key=lambda failure: -failure[1])
    for code, edits in dear_first[:MOST_REASONS]:
        wanted = ItemSelection(states=frozenset({ItemState.FAILED}), code=code, page=1)
        for item in islice(jobs.items(job_id, wanted), 1):
            reason = item.failure.reason if item.failure else ""
            yield ToMend(code=code, edits=edits, row_id=item.row_id, reason=reason)


def _held_by_gates(job_id: str, jobs: Jobs) -> Iterator[ToMend]:
    """What waits for a review, by the first gate that failed it."""
    held: dict[str, list[Item]] = {}
    wanted = ItemSelection(states=frozenset({ItemState.NEEDS_REVIEW}))
    for item in islice(jobs.items(job_id, wanted), _MOST_HELD):
        for gate in failed_gates(item.result.findings if item.result else ())[:1]:
            held.setdefault(gate, []).append(item)
    for gate, items in sorted(held.items(), key=lambda each: -len(each[1])):
        first = items[0]
        found = first.result.findings if first.result else ()
        sentence = next((finding.sentence for finding in found if finding.gate == gate), "")
        yield ToMend(code=f"gate_{gate}", edits=len(items), row_id=first.row_id, reason=sentence)
