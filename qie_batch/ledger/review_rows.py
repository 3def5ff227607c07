"""Rows of decisions -> values of the model."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from qie_batch.ledger.review_changes import standing
from qie_batch.ledger.tables import results, reviews
from qie_batch.model import Decision, ItemState, Judgement, Review, Show, parsed_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row


def history_of(connection: Connection, item_id: str) -> list[Row[Any]]:
    mine = select(reviews).where(reviews.c.item_id == item_id)
    return list(connection.execute(mine.order_by(reviews.c.id)))


def judgements(connection: Connection, item_ids: list[str]) -> Iterator[Judgement]:
    """Of each result of each item the latest decision that stands."""
    query = select(reviews).where(reviews.c.item_id.in_(item_ids)).order_by(reviews.c.item_id, reviews.c.id)
    last: dict[tuple[str, str], str] = {}
    for item_id, history in groupby(connection.execute(query), key=attrgetter("item_id")):
        stand = (row for row in standing(history) if row.decision != Decision.NOTED)
        last |= {(item_id, row.result_key): row.decision for row in stand}
    keys = {key for _, key in last}
    known = select(results.c.cache_key, results.c.findings).where(results.c.cache_key.in_(keys))
    findings = {row.cache_key: row.findings for row in connection.execute(known)}
    for (_, key), decision in last.items():
        if key in findings:
            yield Judgement(decision=Decision(decision), findings=parsed_findings(findings[key]))


def shown_as(state: str, review: str) -> Show:
    if state == ItemState.NEEDS_REVIEW:
        return Show.WAITING
    if state == ItemState.REJECTED:
        return Show.REJECTED
    return Show.APPROVED if review == Decision.APPROVED else Show.PASSED


def review_of(row: Row[Any]) -> Review:
    return Review(
        item_id=row.item_id,
        job_id=row.job_id,
        version=row.version,
        decision=Decision(row.decision),
        note=row.note,
        reviewer=row.reviewer,
        at=row.at,
        result_key=row.result_key or "",
    )
