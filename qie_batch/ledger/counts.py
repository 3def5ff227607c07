"""How many items of a job are in each state.

Counts take time by the number counted, and a job may have 1,000,000 items. Ordinals are numbered from 0, so
that the highest one says how many items there are, and the state of most is left out. Items go in the order
of their ordinals, so that the one in the middle is likely of that state; the counts are exact with any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, case, func, select

from qie_batch.ledger.tables import items, jobs
from qie_batch.model import ItemState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Row, ScalarSelect


def counted(*wanted: ColumnElement[bool]) -> FromClause:
    """These jobs, each with what `count_columns` needs."""
    mine = items.c.job_id == jobs.c.id
    last = select(func.max(items.c.ordinal)).where(mine).correlate(jobs).scalar_subquery()
    middle = select(items.c.state).where(mine, items.c.ordinal == last // 2).correlate(jobs)
    columns = ((last + 1).label("total"), middle.scalar_subquery().label("middle"))
    return select(jobs, *columns).where(*wanted).subquery("job")


def count_columns(job: FromClause) -> Iterator[ColumnElement[Any]]:
    """The number of the items, and that in each state; None for the state that is left out."""
    yield func.coalesce(job.c.total, 0).label("number")
    for state in ItemState:
        yield case((job.c.middle == state, None), else_=_count(job, state)).label(state)


def _count(job: FromClause, state: ItemState) -> ScalarSelect[int]:
    mine = (items.c.job_id == job.c.id, items.c.state == state)
    return select(func.count()).where(*mine).correlate(job).scalar_subquery()


def counts_of(row: Row[Any]) -> dict[ItemState, int]:
    """The counts of a row with `count_columns`."""
    found = {state: getattr(row, state.value) for state in ItemState}
    rest = row.number - sum(number or 0 for number in found.values())
    return {state: rest if number is None else number for state, number in found.items()}
