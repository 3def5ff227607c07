"""One decision about all that a filter finds, once a person has confirmed how many that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Conflict
from qie_batch.steps.review import decide_where, wanted

if TYPE_CHECKING:
    from qie_batch.model import Decision
    from qie_batch.steps.review import BulkAnswer, ReviewContext, ReviewQuery


def number_of(query: ReviewQuery, context: ReviewContext) -> int:
    """How many results the query finds. NotFound without such a job."""
    if query.gate or query.row_id or query.sample < 1:
        return sum(1 for _ in wanted(query, context.jobs))
    context.jobs.get(query.job_id)
    return context.reviews.counts(query.job_id)[query.show]


def decide_confirmed(
    query: ReviewQuery, decision: Decision, number: int, context: ReviewContext, *, note: str, reviewer: str
) -> BulkAnswer:
    """NotFound; Conflict where the query finds another number than the one that was confirmed."""
    found = number_of(query, context)
    if found != number:
        raise Conflict(
            f"the filter finds {found:,} results now, and {number:,} were confirmed",
            code="review_changed",
            hint="look at the number again, then confirm it",
            subject=query.job_id,
        )
    return decide_where(query, decision, context, note=note, reviewer=reviewer)
