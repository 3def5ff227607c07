"""Decisions of people about results, by compare-and-set on the version of an item.

Every transaction locks the job and then the item, as those of other parts do that change both. A decision
raises the version, so that one of two reviewers who looked at the same version gets a Conflict.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, insert, select, update

from qie_batch.errors import Conflict, NotFound
from qie_batch.ledger.jobs import one_item
from qie_batch.ledger.review_changes import changes_of, changes_of_reroll, changes_of_undo, standing
from qie_batch.ledger.review_rows import history_of, judgements, review_of, shown_as
from qie_batch.ledger.rows import lock_job, of_owned_jobs
from qie_batch.ledger.tables import items, jobs, results, reviews
from qie_batch.model import (
    WITH_RESULT,
    Choice,
    Decision,
    JobState,
    Judgement,
    Refusal,
    Review,
    Show,
)
from qie_batch.text import moment, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Row, Select

    from qie_batch.ledger.database import Database
    from qie_batch.ledger.review_changes import Changes
    from qie_batch.model import EditSpec, Item

#: Items read at a time.
PAGE = 500
#: Two decisions of a job are at least so many seconds apart, as the clock of SQLite counts milliseconds.
APART = 0.001
#: How a sentence names a decision.
_WORDS = {
    Decision.APPROVED: "was approved",
    Decision.REJECTED: "was rejected",
    Decision.REROLLED: "was sent to be made again",
    Decision.NOTED: "was given a note",
    Decision.UNDONE: "was put back to what it was before",
}


class SqlReviews:
    """Of the owner's jobs alone where there is one."""

    def __init__(self, database: Database, owner: str | None = None) -> None:
        self._db = database
        self._mine = of_owned_jobs(items.c.job_id, owner)

    def decide(self, item_id: str, version: int, decision: Decision, *, note: str, reviewer: str) -> Item:
        """Approve, reject or note; the item as it is then."""
        choice = Choice(item_id=item_id, version=version, decision=decision, note=note)
        with self._db.write() as connection:
            item = self._choose(connection, choice, reviewer)
            return one_item(connection, item_id, item.job_id)

    def decide_each(self, choices: Sequence[Choice], *, reviewer: str) -> list[Refusal]:
        """As `decide`, in one transaction; why some of them changed nothing."""
        refused: list[Refusal] = []
        with self._db.write() as connection:
            # In one order, so that two transactions never wait for each other.
            for choice in sorted(choices, key=lambda choice: choice.item_id):
                try:
                    self._choose(connection, choice, reviewer)
                except (Conflict, NotFound) as error:
                    refused.append(Refusal(item_id=choice.item_id, reason=error.message))
        return refused

    def reroll(self, item_id: str, version: int, spec: EditSpec, *, note: str, reviewer: str) -> Item:
        """Make the item pending with this spec, and open its job."""
        with self._db.write() as connection:
            item = self._looked_at(connection, item_id, version)
            self._change(connection, item, changes_of_reroll(item, spec, note), reviewer)
            closed = update(jobs).where(jobs.c.id == item.job_id, jobs.c.state == JobState.CLOSED)
            connection.execute(closed.values(state=JobState.OPEN, closed_at=None))
            return one_item(connection, item_id, item.job_id)

    def undo(self, item_id: str, version: int, *, reviewer: str) -> Item:
        """Give the item what it had before its latest decision that stands."""
        with self._db.write() as connection:
            item = self._looked_at(connection, item_id, version)
            stand = standing(history_of(connection, item_id))
            last = stand[-1] if stand else None
            changes = changes_of_undo(item, last, connection.scalar(select(self._db.now)) or 0.0)
            if changes.values.get("state") in WITH_RESULT:
                _keep_result(connection, item_id, changes.result_key)
            self._change(connection, item, changes, reviewer)
            return one_item(connection, item_id, item.job_id)

    def history(self, item_id: str) -> list[Review]:
        with self._db.read() as connection:
            visible = select(items.c.id).where(items.c.id == item_id, *self._mine)
            if connection.execute(visible).first() is None:
                raise _unknown(item_id)
            return [review_of(row) for row in history_of(connection, item_id)]

    def latest(self, job_id: str, item_ids: Collection[str] = ()) -> Iterator[Review]:
        of_item = reviews.c.item_id == items.c.id
        newest = select(func.max(reviews.c.id)).where(of_item).correlate(items).scalar_subquery()
        wanted = [items.c.job_id == job_id, reviews.c.id == newest, *self._mine]
        if item_ids:
            wanted.append(items.c.id.in_(list(item_ids)))
        query = select(reviews, items.c.ordinal).join(items, of_item).where(*wanted)
        return map(review_of, self._in_order(query))

    def counts(self, job_id: str) -> dict[Show, int]:
        mine = (items.c.job_id == job_id, items.c.state.in_(WITH_RESULT), *self._mine)
        query = select(items.c.state, items.c.review, func.count().label("number")).where(*mine)
        found = dict.fromkeys(Show, 0)
        with self._db.read() as connection:
            for row in connection.execute(query.group_by(items.c.state, items.c.review)):
                found[shown_as(row.state, row.review)] += row.number
                found[Show.ALL] += row.number
        return found

    def judged(self, job_id: str) -> Iterator[Judgement]:
        decided = select(1).where(reviews.c.item_id == items.c.id).exists()
        query = select(items.c.id, items.c.ordinal).where(items.c.job_id == job_id, decided, *self._mine)
        rest = self._in_order(query)
        while some := list(islice(rest, PAGE)):
            with self._db.read() as connection:
                found = list(judgements(connection, [row.id for row in some]))
            yield from found

    def _in_order(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """Rows in the order of the items, read a page at a time."""
        after = -1
        while True:
            page = query.where(items.c.ordinal > after).order_by(items.c.ordinal).limit(PAGE)
            with self._db.read() as connection:
                rows = connection.execute(page).all()
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1].ordinal

    def _choose(self, connection: Connection, choice: Choice, reviewer: str) -> Row[Any]:
        item = self._looked_at(connection, choice.item_id, choice.version)
        self._change(connection, item, changes_of(choice, item), reviewer)
        return item

    def _looked_at(self, connection: Connection, item_id: str, version: int) -> Row[Any]:
        """The item, locked; Conflict if it has another version than the one that was looked at."""
        job_id = connection.scalar(select(items.c.job_id).where(items.c.id == item_id, *self._mine))
        if job_id is None:
            raise _unknown(item_id)
        lock_job(connection, job_id)
        item = connection.execute(select(items).where(items.c.id == item_id).with_for_update()).one()
        if item.version != version:
            raise _changed(connection, item, version)
        return item

    def _change(self, connection: Connection, item: Row[Any], changes: Changes, reviewer: str) -> None:
        values = {**changes.values, "version": item.version + 1}
        connection.execute(update(items).where(items.c.id == item.id).values(**values))
        owner = select(jobs.c.owner).where(jobs.c.id == item.job_id).scalar_subquery()
        written = insert(reviews).values(
            item_id=item.id,
            job_id=item.job_id,
            owner=owner,
            version=item.version,
            result_key=changes.result_key,
            decision=changes.decision,
            note=changes.note,
            reviewer=reviewer,
            at=self._db.now,
            before_state=item.state,
            before_review=item.review,
            before=changes.before,
            review=changes.review,
        )
        connection.execute(written)
        if changes.values:
            now, last = self._db.now, jobs.c.reviewed_at
            later = case((last >= now, last + APART), else_=now)
            connection.execute(update(jobs).where(jobs.c.id == item.job_id).values(reviewed_at=later))


def _keep_result(connection: Connection, item_id: str, key: str | None) -> None:
    """Lock a result that an item gets back, so that it is not deleted meanwhile; Conflict if it is gone."""
    there = select(results.c.cache_key).where(results.c.cache_key == key)
    if connection.execute(there.with_for_update(read=True, key_share=True)).first() is None:
        raise Conflict(
            f"the re-roll of item {item_id} cannot be undone: its earlier result was deleted",
            code="undo_too_late",
            subject=item_id,
        )


def _changed(connection: Connection, item: Row[Any], version: int) -> Conflict:
    """Who decided what, and when, since the version that was looked at."""
    since = select(reviews).where(reviews.c.item_id == item.id, reviews.c.version >= version)
    row = connection.execute(since.order_by(reviews.c.id.desc())).first()
    happened = "has changed"
    if row:
        happened = f"{_WORDS[Decision(row.decision)]} by {row.reviewer} at {moment(row.at)}"
        happened += f" ({quoted(row.note, 100)})" if row.note else ""
    return Conflict(
        f"item {item.id} {happened} since it was looked at",
        code="item_changed",
        hint="look at it again, then decide",
        subject=item.id,
    )


def _unknown(item_id: str) -> NotFound:
    return NotFound(f"there is no item {quoted(item_id)}", code="item_unknown", subject=item_id)
