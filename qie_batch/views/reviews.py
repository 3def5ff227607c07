"""What people decide on, and what they decided."""

from collections.abc import Mapping
from dataclasses import dataclass

from qie_batch.model import ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What one gate found in a result."""

    gate: str
    #: passed, failed or unchecked.
    verdict: str
    figure: float | None
    limit: float | None
    #: "" where the gate passed.
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """One decision of a person."""

    #: approved, rejected, rerolled, noted or undone.
    decision: str
    note: str
    reviewer: str
    #: Seconds since 1970.
    at: float
    #: The version of the item that was looked at.
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItemView:
    """One result as the viewer shows it."""

    id: str
    #: Rises with every decision and every new result; a decision names the version that was looked at.
    version: int
    line: int
    row_id: str
    #: From 0.
    variant: int
    instruction: str
    seed: int
    state: ItemState
    #: approved, rejected, or "" where nobody decided.
    review: str
    #: Addresses of the images, and of a small one after; "" for none, `small` also where `after` is small.
    before: str
    after: str
    small: str
    engine: str
    width: int | None
    height: int | None
    #: What the engine says of the edit.
    note: str
    findings: tuple[FindingView, ...]
    #: The latest decision, None where there was none.
    latest: ReviewView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPageView:
    #: In the order of the catalog.
    items: tuple[ReviewItemView, ...]
    #: `after` of the next page, None on the last one.
    next: int | None
    #: Items that the filter meets, on all pages.
    number: int
    #: Items of the job: waiting, passed, approved, rejected.
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedView:
    """What a decision on many items has changed."""

    items: int
    #: Left as they are, because another person has decided meanwhile.
    conflicts: int
