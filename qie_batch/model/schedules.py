"""A schedule and its due times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    name: str
    #: Five fields, read in `timezone`.
    cron: str
    timezone: str
    #: A path or s3:// address, read anew at every run.
    catalog: str
    #: Options of `submit`, by name.
    options: Mapping[str, str] = field(default_factory=dict)
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """One due time of a schedule; there is at most one row for it, whoever sees it first."""

    schedule: str
    #: Seconds since 1970.
    due_at: float
    state: RunState
    job_id: str
    note: str
