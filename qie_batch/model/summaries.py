"""What came of one run of a schedule, for the morning after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMend:
    """Edits that failed for one reason, or were held by one gate, and the first row of them."""

    #: Of the failure; gate_NAME for those that a gate holds.
    code: str
    edits: int
    row_id: str
    #: The sentence of that row.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    #: As its owner calls the schedule.
    schedule: str
    timezone: str
    due_at: float
    state: RunState
    #: Why there is no job, "" where there is one.
    note: str
    #: "" where there is none; then all figures are 0.
    job_id: str = ""
    #: Whether every edit has ended.
    is_done: bool = True
    #: Edits that the catalog asks for.
    total: int = 0
    #: As in an earlier run: nothing was edited for them.
    unchanged: int = 0
    #: New or changed ones with a result.
    edited: int = 0
    failed: int = 0
    cancelled: int = 0
    needs_review: int = 0
    rejected: int = 0
    spent_micros: int = 0
    saved_micros: int = 0
    #: Those of most edits first.
    mend: tuple[ToMend, ...] = ()

    @property
    def changed(self) -> int:
        return self.total - self.unchanged
