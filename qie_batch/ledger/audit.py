"""The rows that `fsck` holds against the store, and what the ledger can prove about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from qie_batch.ledger.rows import spec_of
from qie_batch.ledger.tables import attempts, items, jobs, results
from qie_batch.model import FINAL, ItemState, JobState, Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.ledger.database import Database
    from qie_batch.model import EditSpec


class Audit:
    _db: Database

    def all_results(self) -> Iterator[Result]:
        """Every result, by cache key, read a page at a time."""
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
            for row in rows:
                fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
                del fields["created_at"]
                yield Result(**fields)
            after = rows[-1].cache_key

    def unfinished_specs(self) -> Iterator[tuple[str, EditSpec]]:
        """Id and spec of every item that is still to be edited."""
        with self._db.read() as connection:
            query = select(items.c.id, items.c.spec).where(items.c.state.not_in(list(FINAL)))
            for row in connection.execute(query.execution_options(yield_per=1000)):
                yield row.id, spec_of(row.spec)

    def contradictions(self) -> Iterator[str]:
        """One sentence for everything the ledger says that cannot be true."""
        with self._db.read() as connection:
            for sentence, query in _IMPOSSIBLE.items():
                for row in connection.execute(query):
                    yield f"item {row[0]}: {sentence}"


def _impossible() -> dict[str, Select[Any]]:
    per_item = select(attempts.c.item_id).group_by(attempts.c.item_id)
    succeeded = (items.c.state == ItemState.SUCCEEDED,)
    won = attempts.c.outcome == Outcome.SUCCEEDED
    return {
        "its attempts are not numbered 1 to n": per_item.having(
            (func.max(attempts.c.number) != func.count()) | (func.min(attempts.c.number) != 1)
        ),
        "it succeeded more than once": per_item.where(won).having(func.count() > 1),
        "it succeeded but names no result": select(items.c.id).where(
            *succeeded, items.c.result_key.is_(None)
        ),
        "it names a result but did not succeed": select(items.c.id).where(
            items.c.result_key.is_not(None), items.c.state != ItemState.SUCCEEDED
        ),
        "it succeeded uncached without a successful attempt": select(items.c.id).where(
            *succeeded,
            ~items.c.cached,
            ~select(1).where(attempts.c.item_id == items.c.id, won).exists(),
        ),
        "its attempt number is not that of its latest attempt": select(items.c.id).where(
            items.c.attempt
            != select(func.coalesce(func.max(attempts.c.number), 0))
            .where(attempts.c.item_id == items.c.id)
            .scalar_subquery()
        ),
        "an ended attempt of it has no end": select(attempts.c.item_id).where(
            attempts.c.outcome != Outcome.RUNNING, attempts.c.ended_at.is_(None)
        ),
        "it failed without a reason": select(items.c.id).where(
            items.c.state == ItemState.FAILED, items.c.error_code.is_(None)
        ),
        "an attempt runs though the item does not": select(attempts.c.item_id)
        .join(items, items.c.id == attempts.c.item_id)
        .where(attempts.c.outcome == Outcome.RUNNING, items.c.state != ItemState.RUNNING),
        "it runs without an attempt that does": select(items.c.id).where(
            items.c.state == ItemState.RUNNING,
            ~select(1)
            .where(attempts.c.item_id == items.c.id, attempts.c.outcome == Outcome.RUNNING)
            .exists(),
        ),
        "it runs without a lease": select(items.c.id).where(
            items.c.state == ItemState.RUNNING, items.c.lease_until.is_(None)
        ),
        "its job is closed over it": select(items.c.id)
        .join(jobs, jobs.c.id == items.c.job_id)
        .where(jobs.c.state == JobState.CLOSED, items.c.state.not_in(list(FINAL))),
    }


_IMPOSSIBLE = _impossible()
