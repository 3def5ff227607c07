"""What is to be done and how late it is, over all jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.states import ItemState, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemGroup:
    """Items of jobs that are not closed: those of one engine, preset, state of their job, and lane."""

    engine: str
    #: Of the job; a row may have another one.
    preset: str
    job_state: JobState
    interactive: bool
    #: Items in each state; every state is there.
    counts: Mapping[ItemState, int]
    #: Since when the longest waiting item could run; None where none waits.
    waiting_since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    groups: tuple[ItemGroup, ...]
    #: Jobs in each state; every state is there.
    jobs: Mapping[JobState, int]
    #: The ledger's clock when the figures were read.
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What lies ahead of one lane of an engine."""

    #: Items of open jobs that wait or run, and those of paused jobs that still run.
    items: int = 0
    #: Device seconds that they will take, as if none of the running ones had begun.
    seconds: float = 0.0

    @property
    def edit_seconds(self) -> float:
        """Of one edit, in the mean; 0.0 without items."""
        return self.seconds / self.items if self.items else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeReading:
    """The figures of one look at the ledger; keys are an engine, or an engine and whether interactive."""

    backlog: Backlog
    waiting_seconds: Mapping[tuple[str, bool], float]
    workload: Mapping[tuple[str, bool], Workload]
    #: Since the latest claim; where an engine never had one, for how long its oldest item waits.
    claim_seconds: Mapping[str, float]
    #: The largest share of its budget that a job which is not closed has used; 0 where none has a budget.
    budget_used: float
    #: The largest delay of a scheduled run that was due and did not begin.
    overdue_seconds: float
    #: By this host's clock, in seconds since 1970.
    read_at: float
    #: By the monotonic clock of this process: another process may lead from then on.
    valid_until: float
