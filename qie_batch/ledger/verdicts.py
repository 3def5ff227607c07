"""What a result makes of an item: succeeded, to be looked at, or rejected.

A gate that failed the result and a job that asks for review want a person; what a person of the same tenant
decided of the same result counts for every later item that gets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, func, null, or_, select

from qie_batch.ledger.tables import items, jobs, reviews
from qie_batch.model import ItemState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection, ScalarSelect

APPROVED, REJECTED = "approved", "rejected"
#: `jobs.review` of a job each of whose results is looked at.
REQUIRED = "required"
#: Error code of an item whose result a person rejected.
REJECTED_CODE = "rejected"
#: Decisions that say nothing of the result.
NO_DECISION = ("noted", "rerolled")


class Decided(NamedTuple):
    """The latest decision of a result."""

    review: str
    note: str


def ending(result_key: ColumnElement[str], failed: ColumnElement[bool]) -> dict[str, Any]:
    """The columns of an item that gets the result, for an UPDATE of `items`."""
    review = func.coalesce(_latest(reviews.c.review, result_key), "")
    of_job = select(jobs.c.review).where(jobs.c.id == items.c.job_id).correlate(items).scalar_subquery()
    return {
        "state": case(
            (review == APPROVED, ItemState.SUCCEEDED),
            (review == REJECTED, ItemState.REJECTED),
            (or_(failed, of_job == REQUIRED), ItemState.NEEDS_REVIEW),
            else_=ItemState.SUCCEEDED,
        ),
        "review": review,
        "version": items.c.version + 1,
        "error_code": case((review == REJECTED, REJECTED_CODE), else_=null()),
        "error": case((review == REJECTED, _latest(reviews.c.note, result_key)), else_=null()),
    }


def _latest(column: ColumnElement[str], result_key: ColumnElement[str]) -> ScalarSelect[str]:
    owner = select(jobs.c.owner).where(jobs.c.id == items.c.job_id).correlate(items).scalar_subquery()
    return (
        select(column)
        .where(reviews.c.result_key == result_key, reviews.c.owner == owner)
        .where(reviews.c.decision.not_in(NO_DECISION))
        .order_by(reviews.c.id.desc())
        .limit(1)
        .correlate(items)
        .scalar_subquery()
    )


def decided(connection: Connection, keys: Iterable[str], owner: str) -> dict[str, Decided]:
    """The latest decision of each of the results that the tenant decided."""
    mine = (reviews.c.result_key.in_(list(keys)), reviews.c.owner == owner)
    rows = connection.execute(
        select(reviews.c.result_key, reviews.c.review, reviews.c.note)
        .where(*mine, reviews.c.decision.not_in(NO_DECISION))
        .order_by(reviews.c.id)
    )
    return {row.result_key: Decided(row.review, row.note) for row in rows}
