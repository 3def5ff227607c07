"""What people decide about results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model.checks import Finding


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    #: Made again with another seed or instruction.
    REROLLED = "rerolled"
    NOTED = "noted"
    #: The latest decision that stood does not stand any more.
    UNDONE = "undone"


class Show(StrEnum):
    """Which results people look at."""

    #: A gate failed them or their job wants a review, and no person decided yet.
    WAITING = "waiting"
    #: They succeeded without a decision.
    PASSED = "passed"
    APPROVED = "approved"
    REJECTED = "rejected"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One decision about one item."""

    item_id: str
    job_id: str
    #: `Item.version` that was looked at; the decision raised it by one.
    version: int
    decision: Decision
    #: The reason of a rejection, what a re-roll changes, or any text.
    note: str
    #: A person or a program by name.
    reviewer: str
    #: Seconds since 1970 by the ledger's clock.
    at: float
    #: Cache key of the result that was looked at, "" for none.
    result_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision about an item as it was at one version."""

    item_id: str
    version: int
    decision: Decision
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a choice changed nothing: one sentence, which says who decided what, and when."""

    item_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What people and gates say of one result."""

    #: APPROVED, REJECTED or REROLLED.
    decision: Decision
    findings: tuple[Finding, ...]
