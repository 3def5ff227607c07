"""Results to look at, and decisions about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from qie_batch import views
from qie_batch.gateway.access import JobsReader, Reviewer, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.jobs.addresses import addresses
from qie_batch.gateway.jobs.reading import NO_NUL, ItemId, JobId, item_of
from qie_batch.model import Decision, Item, Review, Show
from qie_batch.steps import review
from qie_batch.steps.bulk_reviews import decide_confirmed, number_of
from qie_batch.steps.review import Asked, ReviewContext, ReviewQuery

router = APIRouter(prefix="/api/jobs/{job_id}", tags=["reviews"])

#: Pixels on the longer side of an image in a row of others.
SMALL = 160

Note = Annotated[str, Field(max_length=review.MAX_NOTE, pattern=NO_NUL)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1, description="That of the item as it was looked at.")]
Gate = Annotated[str, Field(max_length=64, pattern=NO_NUL, description="Only what this gate failed.")]
Sample = Annotated[int, Field(ge=1, le=100, description="Per cent of what no gate failed.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Note = ""


class NewReview(_Body):
    """One decision; a rejection and a note need a text."""

    version: Version
    decision: Literal["approved", "rejected", "noted", "undone"]


class NewReroll(_Body):
    """The edit once more, with another seed or another instruction."""

    version: Version
    instruction: Annotated[str, Field(max_length=10_000, pattern=NO_NUL)] = Field(
        "", description="As it was if empty."
    )
    seed: Annotated[int | None, Field(ge=0, le=2**63 - 1, description="The next one if null.")] = None


class ManyReviews(_Body):
    """One decision about all results that the filter finds."""

    decision: Literal["approved", "rejected"]
    number: Annotated[
        int, Field(ge=0, description="How many a person confirmed: 409 if others decided since.")
    ]
    show: Show = Show.WAITING
    gate: Gate = ""
    sample: Sample = 100


def _query(
    job_id: JobId,
    show: Show = Show.WAITING,
    gate: Annotated[
        str, Query(max_length=64, pattern=NO_NUL, description="Only what this gate failed.")
    ] = "",
    sample: Annotated[int, Query(ge=1, le=100, description="Per cent of what no gate failed.")] = 100,
) -> ReviewQuery:
    return ReviewQuery(job_id=job_id, show=show, gate=gate, sample=sample / 100)


@router.get("/reviews", name="queue")
def queue(
    query: Annotated[ReviewQuery, Depends(_query)],
    subject: JobsReader,
    context: Context,
    *,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1)] = -1,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    count: Annotated[bool, Query(description="Say how many there are on all pages.")] = False,
) -> views.ReviewPageView:
    """Results of the job as people look at them, page by page."""
    reviewing = review_context(subject, context)
    page = review.queue(query, reviewing, after=after, limit=limit)
    return views.ReviewPageView(
        items=tuple(_view(item, page.latest.get(item.id)) for item in page.items),
        next=page.next,
        number=number_of(query, reviewing) if count else None,
        counts={str(show): number for show, number in reviewing.reviews.counts(query.job_id).items()},
    )


@router.post("/reviews", name="decide_all")
def decide_all(job_id: JobId, body: ManyReviews, subject: Reviewer, context: Context) -> views.ReviewedView:
    """Approve or reject all that the filter finds; what others decide meanwhile stays as it is."""
    query = ReviewQuery(job_id=job_id, show=body.show, gate=body.gate, sample=body.sample / 100)
    answer = decide_confirmed(
        query,
        Decision(body.decision),
        body.number,
        review_context(subject, context),
        note=body.note,
        reviewer=subject.name,
    )
    context.progress.forget(job_id)
    return views.ReviewedView(items=answer.decided, conflicts=len(answer.refused))


@router.get("/items/{item_id}/reviews", name="history")
def history(job_id: JobId, item_id: ItemId, subject: JobsReader, context: Context) -> views.ReviewHistoryView:
    """The result as it is now, and all decisions about it, the first one first."""
    item = item_of(job_id, item_id, subject, context)
    found = review.history(item_id, review_context(subject, context))
    return views.ReviewHistoryView(
        item=_view(item, found[-1] if found else None), history=tuple(map(views.review_view, found))
    )


@router.post("/items/{item_id}/reviews", name="decide")
def decide(
    job_id: JobId, item_id: ItemId, body: NewReview, subject: Reviewer, context: Context
) -> views.ReviewItemView:
    """Approve, reject, note, or undo the latest decision; 409 says who has decided meanwhile."""
    item_of(job_id, item_id, subject, context)
    asked = Asked(item_id=item_id, version=body.version, decision=Decision(body.decision), note=body.note)
    return _decided(asked, job_id, subject, context)


@router.post("/items/{item_id}/reroll", name="reroll")
def reroll(
    job_id: JobId, item_id: ItemId, body: NewReroll, subject: Reviewer, context: Context
) -> views.ReviewItemView:
    """Make the result once more; 409 says who has decided meanwhile."""
    item_of(job_id, item_id, subject, context)
    asked = Asked(
        item_id=item_id,
        version=body.version,
        decision=Decision.REROLLED,
        note=body.note,
        instruction=body.instruction,
        seed=body.seed,
    )
    return _decided(asked, job_id, subject, context)


def review_context(subject: Subject, context: GatewayContext) -> ReviewContext:
    """Of what the subject may see."""
    ledger = subject.ledger(context)
    return replace(context.review, jobs=ledger.jobs, reviews=ledger.reviews)


def _decided(asked: Asked, job_id: str, subject: Subject, context: GatewayContext) -> views.ReviewItemView:
    reviewing = review_context(subject, context)
    item = review.decide(asked, reviewing, reviewer=subject.name)
    context.progress.forget(job_id)
    latest = next(iter(reviewing.reviews.latest(job_id, (item.id,))), None)
    return _view(item, latest)


def _view(item: Item, latest: Review | None) -> views.ReviewItemView:
    before, after = addresses(item)
    small = addresses(item, side=SMALL)[1]
    return views.review_item_view(item, latest, before=before, after=after, small=small)
