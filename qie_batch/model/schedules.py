"""A schedule and its due times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.model.orders import JobOrder

if TYPE_CHECKING:
    from qie_batch.model.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    name: str
    #: Five fields, read in `timezone`.
    cron: str
    timezone: str
    #: A path or s3:// address, read at each run.
    catalog: str
    #: The options of each run's job.
    order: JobOrder = field(default_factory=JobOrder)
    created_at: float = 0.0
    #: Why the stored entry cannot be understood, "" where it can; its order is then empty.
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """One due time of a schedule; the ledger has at most one row for it."""

    schedule: str
    #: Seconds since 1970.
    due_at: float
    state: RunState
    job_id: str
    note: str
