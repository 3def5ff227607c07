from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from qie_batch.model import Failure, Finding, Item, ItemState, JobState, Progress
from qie_batch.views.amounts import Seconds, Usd


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
    changed: float | None
    note: str
    #: What really ran for the result, as its engine says it; empty where it does not.
    ran: Mapping[str, Any] = field(default_factory=dict)
    #: What the gates found on the result.
    findings: tuple[Finding, ...] = ()
    #: What a person decided of the result: "approved", "rejected", "" for nothing yet.
    review: str = ""
    #: Named in a decision; rises with each decision and each new result.
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsView:
    #: Newest first.
    jobs: tuple[JobView, ...]
    #: `before` of the next page, "" on the last one.
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsView:
    #: In the order of the catalog.
    items: tuple[ItemView, ...]
    #: `after` of the next page, None on the last one.
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedView:
    """How many items a change met, and the job after it."""

    items: int
    job: JobView


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
        changed=result.changed if result else None,
        note=result.note if result else "",
        ran=result.ran if result else {},
        findings=result.findings if result else (),
        review=item.review,
        version=item.version,
    )
