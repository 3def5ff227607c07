"""Progress and money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.model.states import FINAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.jobs import Job
    from qie_batch.model.rows import BadRow
    from qie_batch.model.states import ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Figures of past edits with one engine and preset; zeros where there were none."""

    edits: int
    #: Mean device seconds, mean cost and the highest cost of one attempt.
    seconds: float
    cost_micros: int
    dearest_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A job's money, for its budget."""

    spent_micros: int
    #: Items queued or running, whose cost is not yet known.
    in_flight: int
    dearest_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The state of a job, summed from its items and attempts, so that no counter can be wrong."""

    job: Job
    #: Items in each state; every state is there.
    counts: Mapping[ItemState, int]
    cached: int
    #: Failed items by error code.
    failures: Mapping[str, int]
    attempts: int
    seconds: float
    spent_micros: int
    #: What the cached items cost when they were first made.
    saved_micros: int
    #: Spent on attempts that did not succeed.
    lost_micros: int
    #: Items that became final in the last minute.
    last_minute: int
    #: The ledger's clock just before the figures were read.
    now: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return sum(self.counts[state] for state in FINAL)

    @property
    def remaining_seconds(self) -> float | None:
        """By the rate of the last minute; None while nothing was finished in it."""
        left = self.total - self.done
        if not left:
            return 0.0
        window = min(60.0, max(self.now - self.job.created_at, 1.0))
        return left * window / self.last_minute if self.last_minute else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of `qie-batch cost`: money by day, by sku or by engine."""

    key: str
    items: int
    seconds: float
    spent_micros: int
    saved_micros: int
    lost_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """Device seconds and money of drafts and final results, beside those of all at the final preset."""

    drafts: int
    approved: int
    #: Drafts about which no person decided yet.
    waiting: int
    draft_seconds: float
    draft_micros: int
    #: Of the approved ones at the final preset, by the mean of such edits.
    final_seconds: float
    final_micros: int
    #: Of all drafts at the final preset, likewise.
    all_seconds: float
    all_micros: int

    @property
    def saved_micros(self) -> int:
        """Negative where so much was approved that the drafts cost more than they spared."""
        return self.all_micros - self.draft_micros - self.final_micros

    @property
    def saved_seconds(self) -> float:
        return self.all_seconds - self.draft_seconds - self.final_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a submission would do and cost."""

    engine: str
    #: One sentence: why this engine and no other.
    reason: str
    rows: int
    items: int
    #: Different ones by content.
    images: int
    cached: int
    #: Items to edit.
    edits: int
    device_seconds: float
    cost_micros: int
    #: Rows that cannot be edited, and the first of them.
    bad: int
    bad_rows: tuple[BadRow, ...]
    #: Images that came from the web, and those that were the same there as at an earlier submission.
    fetched: int = 0
    unchanged: int = 0
