"""Costs, schedules, estimates and checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import Field

from qie_batch.model import BadRow, CostLine, Estimate, RunState, Schedule, ScheduledRun
from qie_batch.views.amounts import Seconds, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class CostView:
    #: A day, sku or engine.
    key: str
    items: int
    device_seconds: Seconds
    spent_micros: Annotated[Usd, Field(serialization_alias="spent_usd")]
    saved_micros: Annotated[Usd, Field(serialization_alias="saved_usd")]
    lost_micros: Annotated[Usd, Field(serialization_alias="lost_usd")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsView:
    by: str
    #: By day in order, else those first that cost most.
    lines: tuple[CostView, ...]
    #: Of all lines, also of those that are not shown.
    total: CostView
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One due time of a schedule."""

    due_at: float
    state: RunState
    job: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    name: str
    cron: str
    timezone: str
    catalog: str
    #: Seconds since 1970, None for a schedule that is broken.
    next: float | None
    #: Why the clock cannot run it; absent from JSON where the clock can.
    problem: Annotated[str, Field(exclude_if=lambda problem: not problem)]
    #: Newest first.
    runs: Annotated[tuple[RunView, ...], Field(serialization_alias="slots")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRowView:
    line: int
    id: str
    column: str
    code: str
    reason: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateView:
    """What a submission would do and cost."""

    engine: str
    rows: int
    items: int
    pictures: int
    cached: int
    #: Items to edit.
    edits: int
    device_seconds: Seconds
    cost_micros: Annotated[Usd, Field(serialization_alias="cost_usd")]
    #: Images that came from the web, and those that were the same there as at an earlier submission.
    fetched: int
    unchanged: int
    #: Rows that cannot be edited, and the first of them.
    bad: int
    bad_rows: tuple[BadRowView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FsckView:
    results: int
    #: Bytes read and hashed.
    size: Annotated[int, Field(serialization_alias="bytes")]
    #: One sentence each; empty is the proof.
    faults: tuple[str, ...]
    #: Objects under results/ that no row of the ledger names: space, not harm.
    orphans: tuple[str, ...]
    removed: int
    #: Results that the ledger forgot because the store does not have them, and the jobs to retry for that.
    mended: int
    to_retry: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneView:
    #: Nothing was deleted: the rest says what would be.
    dry_run: bool
    jobs: tuple[str, ...]
    items: int
    #: What the attempts of these jobs cost, which `cost` shows no more.
    spent_micros: Annotated[Usd, Field(serialization_alias="spent_usd")]
    results: int
    objects: int
    #: Of the objects.
    size: Annotated[int, Field(serialization_alias="bytes")]


def cost_view(line: CostLine) -> CostView:
    return CostView(
        key=line.key,
        items=line.items,
        device_seconds=line.seconds,
        spent_micros=line.spent_micros,
        saved_micros=line.saved_micros,
        lost_micros=line.lost_micros,
    )


def costs_view(lines: Sequence[CostLine], by: str, limit: int) -> CostsView:
    """At most `limit` lines: the latest days, or those that cost most."""
    dear_first = sorted(lines, key=lambda line: line.spent_micros, reverse=True)[:limit]
    total = CostLine(
        key="total",
        items=sum(line.items for line in lines),
        seconds=sum(line.seconds for line in lines),
        spent_micros=sum(line.spent_micros for line in lines),
        saved_micros=sum(line.saved_micros for line in lines),
        lost_micros=sum(line.lost_micros for line in lines),
    )
    return CostsView(
        by=by,
        lines=tuple(cost_view(line) for line in (lines[-limit:] if by == "day" else dear_first)),
        total=cost_view(total),
        left_out=max(0, len(lines) - limit),
    )


def schedule_view(schedule: Schedule, runs: list[ScheduledRun], next_due: float | None) -> ScheduleView:
    stored = {name: getattr(schedule, name) for name in ("name", "cron", "timezone", "catalog", "problem")}
    shown = [RunView(due_at=run.due_at, state=run.state, job=run.job_id, note=run.note) for run in runs]
    due_at = None if schedule.problem else next_due
    return ScheduleView(**stored, next=due_at, runs=tuple(shown))


def bad_row_view(row: BadRow) -> BadRowView:
    return BadRowView(**{field.name: getattr(row, field.name) for field in fields(BadRowView)})


def estimate_view(plan: Estimate) -> EstimateView:
    return EstimateView(
        engine=plan.engine,
        rows=plan.rows,
        items=plan.items,
        pictures=plan.images,
        cached=plan.cached,
        edits=plan.edits,
        device_seconds=plan.device_seconds,
        cost_micros=plan.cost_micros,
        fetched=plan.fetched,
        unchanged=plan.unchanged,
        bad=plan.bad,
        bad_rows=tuple(bad_row_view(row) for row in plan.bad_rows),
    )
