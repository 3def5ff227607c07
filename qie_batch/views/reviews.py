"""What people decide on, and what they decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qie_batch.model import Finding, Item, ItemState, Review, Savings
from qie_batch.views.amounts import Seconds, Usd


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
    #: None for an engine that takes none.
    seed: int | None
    state: ItemState
    #: approved, rejected, or "" where no person decided.
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
    #: Items that the filter finds, on all pages; None unless asked for.
    number: int | None
    #: Items of the job: waiting, passed, approved, rejected.
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewHistoryView:
    item: ReviewItemView
    #: The first one first.
    history: tuple[ReviewView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedView:
    """What a decision on many items has changed."""

    items: int
    #: Left as they are, because another person has decided meanwhile.
    conflicts: int


def finding_view(finding: Finding) -> FindingView:
    return FindingView(
        gate=finding.gate,
        verdict=finding.verdict,
        figure=finding.figure,
        limit=finding.limit,
        sentence=finding.sentence,
    )


def review_view(review: Review) -> ReviewView:
    return ReviewView(
        decision=review.decision,
        note=review.note,
        reviewer=review.reviewer,
        at=review.at,
        version=review.version,
    )


def review_item_view(
    item: Item, latest: Review | None, *, before: str, after: str, small: str
) -> ReviewItemView:
    """`before`, `after` and `small` are addresses."""
    params, result = item.spec.params if item.spec else None, item.result
    return ReviewItemView(
        id=item.id,
        version=item.version,
        line=item.line,
        row_id=item.row_id,
        variant=item.variant,
        instruction=params.instruction if params else "",
        seed=params.seed if params else None,
        state=item.state,
        review=item.review,
        before=before,
        after=after,
        small=small,
        engine=result.engine if result else "",
        width=result.width if result else None,
        height=result.height if result else None,
        note=result.note if result else "",
        findings=tuple(map(finding_view, result.findings)) if result else (),
        latest=review_view(latest) if latest else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """One gate beside the people who decided about results; a re-roll counts as a rejection."""

    gate: str
    passed_approved: int
    passed_rejected: int
    failed_approved: int
    failed_rejected: int
    unchecked: int
    #: Shares of what the gate failed that people rejected, and of what people rejected that the gate failed;
    #: None where there is none.
    precision: float | None
    recall: float | None
    #: That most figures were held to, and how often gate and people agree.
    limit: float | None
    agreed: int
    #: The one that would have agreed most often, and how often.
    best_limit: float | None
    best_agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsView:
    """What drafts and the final results of what was approved cost, beside all at the final preset."""

    drafts: int
    approved: int
    #: Drafts about which no person decided yet.
    waiting: int
    draft_seconds: Seconds
    draft_micros: Annotated[Usd, Field(serialization_alias="draft_usd")]
    #: By the mean of such edits, as are the next two.
    final_seconds: Seconds
    final_micros: Annotated[Usd, Field(serialization_alias="final_usd")]
    all_seconds: Seconds
    all_micros: Annotated[Usd, Field(serialization_alias="all_usd")]
    saved_seconds: Seconds
    saved_micros: Annotated[Usd, Field(serialization_alias="saved_usd")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalisedView:
    """The job in which approved drafts are made for good."""

    job: str
    items: int
    savings: SavingsView


def savings_view(savings: Savings) -> SavingsView:
    return SavingsView(
        drafts=savings.drafts,
        approved=savings.approved,
        waiting=savings.waiting,
        draft_seconds=savings.draft_seconds,
        draft_micros=savings.draft_micros,
        final_seconds=savings.final_seconds,
        final_micros=savings.final_micros,
        all_seconds=savings.all_seconds,
        all_micros=savings.all_micros,
        saved_seconds=savings.saved_seconds,
        saved_micros=savings.saved_micros,
    )
