"""Jobs, items, costs, schedules and checks as JSON shapes: one spelling for every face.

A view holds exact values, so that pages can format them; the annotations say what JSON shows instead: money
as a decimal string, durations to the millisecond. Annotations are evaluated here, since pydantic reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, TypeAdapter

from qie_batch.model import (
    BadRow,
    CostLine,
    Failure,
    Item,
    ItemState,
    JobState,
    Progress,
    RunState,
    Schedule,
    ScheduledRun,
)
from qie_batch.pricing import decimal_usd

#: Micro-dollars; "12.340000" in JSON.
Usd = Annotated[int, PlainSerializer(decimal_usd, return_type=str)]
Seconds = Annotated[float, PlainSerializer(lambda seconds: round(seconds, 3), return_type=float)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job and its progress."""

    job: str
    name: str
    state: JobState
    #: "user" or "budget" where the job is paused.
    pause_reason: str
    engine: str
    engine_reason: str
    preset: str
    total: int
    counts: Mapping[ItemState, int]
    cached: int
    attempts: int
    #: Failed items by error code.
    failures: Mapping[str, int]
    device_seconds: Seconds
    spent_micros: Annotated[Usd, Field(serialization_alias="spent_usd")]
    saved_micros: Annotated[Usd, Field(serialization_alias="saved_usd")]
    lost_micros: Annotated[Usd, Field(serialization_alias="lost_usd")]
    budget_micros: Annotated[Usd | None, Field(serialization_alias="budget_usd")]
    edits_last_minute: int
    #: None while nothing was finished in the last minute.
    remaining_seconds: float | None
    wall_seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One edit of a job, and what became of it."""

    id: str
    line: int
    row_id: str
    #: From 0.
    variant: int
    instruction: str
    state: ItemState
    cached: bool
    failure: Failure | None
    attempts: int
    device_seconds: Seconds
    cost_micros: Annotated[Usd, Field(serialization_alias="cost_usd")]
    #: Those of the result, "" and None without one.
    engine: str
    device: str
    width: int | None
    height: int | None


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


def job_view(progress: Progress) -> JobView:
    job = progress.job
    return JobView(
        job=job.id,
        name=job.order.name,
        state=job.state,
        pause_reason=job.pause_reason,
        engine=job.order.engine,
        engine_reason=job.engine_reason,
        preset=job.order.preset,
        total=progress.total,
        counts=progress.counts,
        cached=progress.cached,
        attempts=progress.attempts,
        failures=progress.failures,
        device_seconds=progress.seconds,
        spent_micros=progress.spent_micros,
        saved_micros=progress.saved_micros,
        lost_micros=progress.lost_micros,
        budget_micros=job.order.budget_micros,
        edits_last_minute=progress.last_minute,
        remaining_seconds=progress.remaining_seconds,
        wall_seconds=(job.closed_at or progress.now) - job.created_at,
    )


def item_view(item: Item) -> ItemView:
    result = item.result
    return ItemView(
        id=item.id,
        line=item.line,
        row_id=item.row_id,
        variant=item.variant,
        instruction=item.spec.params.instruction if item.spec else "",
        state=item.state,
        cached=item.cached,
        failure=item.failure,
        attempts=item.attempt,
        device_seconds=item.seconds,
        cost_micros=item.cost_micros,
        engine=result.engine if result else "",
        device=result.device if result else "",
        width=result.width if result else None,
        height=result.height if result else None,
    )


def cost_view(line: CostLine) -> CostView:
    return CostView(
        key=line.key,
        items=line.items,
        device_seconds=line.seconds,
        spent_micros=line.spent_micros,
        saved_micros=line.saved_micros,
        lost_micros=line.lost_micros,
    )


def schedule_view(schedule: Schedule, runs: list[ScheduledRun], next_due: float | None) -> ScheduleView:
    stored = {name: getattr(schedule, name) for name in ("name", "cron", "timezone", "catalog", "problem")}
    shown = [RunView(due_at=run.due_at, state=run.state, job=run.job_id, note=run.note) for run in runs]
    due_at = None if schedule.problem else next_due
    return ScheduleView(**stored, next=due_at, runs=tuple(shown))


def bad_row_view(row: BadRow) -> BadRowView:
    return BadRowView(**{field.name: getattr(row, field.name) for field in fields(BadRowView)})


def dumped(view: Any) -> dict[str, Any]:
    """A view as its JSON: plain dicts, lists, strings and numbers."""
    kind: Any = type(view)  # mypy takes a class for unhashable
    shown: dict[str, Any] = _adapter(kind).dump_python(view, mode="json", by_alias=True)
    return shown


def dumped_cost(view: CostView, by: str) -> dict[str, Any]:
    """Likewise, with the key under the grouping's own name: day, sku or engine."""
    return {by if name == "key" else name: value for name, value in dumped(view).items()}


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
