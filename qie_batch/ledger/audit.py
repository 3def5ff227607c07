"""What `fsck` compares with the store, and the removal of a result whose object is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update

from qie_batch.ledger.contradictions import IMPOSSIBLE
from qie_batch.ledger.tables import attempts, items, results
from qie_batch.model import UNFINISHED, EditSpec, ItemState, Outcome, Result, parsed_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Row

    from qie_batch.ledger.database import Database

RESULT_LOST = "result_lost"
_LOST = {
    "error_code": RESULT_LOST,
    "error": "its result is no longer in the store: retry the job's failed rows to edit it again",
}


class SqlAudit:
    def __init__(self, database: Database) -> None:
        self._db = database

    def results(self) -> Iterator[Result]:
        """Every result in the order of cache keys, read a page at a time."""
        after = ""
        while True:
            with self._db.read() as connection:
                page = (
                    select(results)
                    .where(results.c.cache_key > after)
                    .order_by(results.c.cache_key)
                    .limit(1000)
                )
                rows = connection.execute(page).all()
            if not rows:
                return
            yield from map(_result_of, rows)
            after = rows[-1].cache_key

    def result(self, cache_key: str) -> Result | None:
        with self._db.read() as connection:
            row = connection.execute(select(results).where(results.c.cache_key == cache_key)).one_or_none()
        return _result_of(row) if row else None

    def unfinished_specs(self) -> Iterator[tuple[str, EditSpec]]:
        """Id and spec of every item that is not final."""
        with self._db.read() as connection:
            query = select(items.c.id, items.c.spec).where(items.c.state.in_(UNFINISHED))
            for row in connection.execute(query.execution_options(yield_per=1000)):
                yield row.id, EditSpec.parse(row.spec)

    def is_wanted(self, cache_key: str) -> bool:
        """Whether a result has that key, or an unfinished item whose attempt would adopt the object."""
        found = select(1).where(results.c.cache_key == cache_key)
        unfinished = select(1).where(items.c.cache_key == cache_key, items.c.state.in_(UNFINISHED))
        with self._db.read() as connection:
            # One statement, so that an item that succeeds meanwhile is in one of the two.
            return bool(connection.scalar(select(or_(found.exists(), unfinished.exists()))))

    def forget_result(self, cache_key: str) -> list[str]:
        """Delete the result; the items that succeeded with that result fail. Returns their job ids.

        The cost of their attempts stays and counts as lost. `retry` makes the items pending again.
        """
        row = results.c.cache_key == cache_key
        with self._db.write() as connection:
            # Locked first, so that no other item succeeds with the result meanwhile (PostgreSQL).
            connection.execute(select(results.c.cache_key).where(row).with_for_update())
            failed = connection.scalars(
                update(items)
                .where(items.c.result_key == cache_key)
                .values(
                    state=ItemState.FAILED,
                    result_key=None,
                    cached=False,
                    review="",
                    version=items.c.version + 1,
                    finished_at=self._db.now,
                    **_LOST,
                )
                .returning(items.c.job_id)
            ).all()
            of_key = select(items.c.id).where(items.c.cache_key == cache_key)
            connection.execute(
                update(attempts)
                .where(attempts.c.item_id.in_(of_key), attempts.c.outcome == Outcome.SUCCEEDED)
                .values(outcome=Outcome.LOST, **_LOST)
            )
            connection.execute(delete(results).where(row))
        return sorted(set(failed))

    def contradictions(self) -> Iterator[str]:
        """One sentence for each row that breaks an invariant of the ledger."""
        with self._db.read() as connection:
            for sentence, query in IMPOSSIBLE.items():
                for row in connection.execute(query):
                    yield sentence.format(row[0])


def _result_of(row: Row[Any]) -> Result:
    fields = dict(row._mapping)  # noqa: SLF001 - public API of SQLAlchemy
    del fields["created_at"], fields["verdict"]
    read = {"ran": json.loads(fields["ran"]), "findings": parsed_findings(fields["findings"])}
    return Result(**{**fields, **read})
