"""Enters a job and its items into the ledger, in one transaction."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Select, select
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from qie_batch.ledger.tables import items, jobs, results
from qie_batch.model import ItemState, JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qie_batch.ledger.database import Database
    from qie_batch.model import NewItem, NewJob

#: Items looked up and inserted at a time.
CHUNK = 500

#: The columns of an item that has not met a worker yet.
_UNTOUCHED = {
    column.name: column.default.arg
    for column in items.c
    if isinstance(column.default, ScalarElementColumnDefault)
}

T = TypeVar("T")


class SqlIntake:
    def __init__(self, database: Database) -> None:
        self._db = database

    def add_job(self, job: NewJob, new_items: Iterable[NewItem]) -> bool:
        """Write job and items, or nothing; False if this job id is there already.

        An item whose cache key has a result is succeeded at once, cached, at no cost. Give items that are
        computed already: the transaction is open while `new_items` is read, and SQLite has one writer, for
        which the heartbeats of all workers wait.
        """
        with self._db.write() as connection:
            now = connection.scalar(select(self._db.now)) or 0.0
            if not self._db.insert_once(connection, jobs, _job_values(job, now)):
                return False
            for chunk in _chunks(new_items):
                _insert_items(connection, [_item_values(job, item) for item in chunk], now)
        return True

    def known_results(self, cache_keys: Iterable[str]) -> set[str]:
        """Those of the keys that have a result."""
        with self._db.read() as connection:
            return {key for chunk in _chunks(cache_keys) for key in connection.scalars(_results(chunk))}


def _chunks(whole: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(whole)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _results(keys: list[str]) -> Select[Any]:
    return select(results.c.cache_key).where(results.c.cache_key.in_(keys))


def _insert_items(connection: Connection, chunk: list[dict[str, Any]], now: float) -> None:
    keys = [values["cache_key"] for values in chunk if values["cache_key"]]
    # Locked (PostgreSQL), so that no result is deleted before the items that name that result are inserted.
    known = set(connection.scalars(_results(keys).with_for_update(read=True, key_share=True)))
    for values in chunk:
        if values["cache_key"] in known:
            values |= {"state": ItemState.SUCCEEDED, "cached": True, "result_key": values["cache_key"]}
        values["finished_at"] = None if values["state"] == ItemState.PENDING else now
    # Not `insert(items)`, for which SQLAlchemy would work out the parameters of each row anew.
    connection.exec_driver_sql(_insert_text(connection.dialect.name, tuple(chunk[0])), chunk)


@cache
def _insert_text(dialect: str, names: tuple[str, ...]) -> str:
    """The statement in the words of the dialect's driver."""
    places = (f":{name}" if dialect == "sqlite" else f"%({name})s" for name in names)
    return f"INSERT INTO items ({', '.join(names)}) VALUES ({', '.join(places)})"  # noqa: S608 - names of columns


def _job_values(job: NewJob, now: float) -> dict[str, Any]:
    order = job.order
    return {
        "id": job.id,
        "name": order.name,
        "state": JobState.OPEN,
        "pause_reason": "",
        "engine": order.engine,
        "engine_reason": job.engine_reason,
        "preset": order.preset,
        "priority": int(order.priority),
        "manifest_key": job.manifest_key,
        "reading": json.dumps(asdict(order.reading), ensure_ascii=False),
        "defaults": json.dumps(asdict(order.defaults), ensure_ascii=False),
        "owner": order.owner,
        "request_id": job.request_id,
        "traceparent": job.traceparent,
        "notify": order.notify,
        "folder": job.folder,
        "budget_micros": order.budget_micros,
        "created_at": now,
    }


def _item_values(job: NewJob, item: NewItem) -> dict[str, Any]:
    return {
        **_UNTOUCHED,
        "id": f"{job.id}.{item.ordinal}",
        "job_id": job.id,
        "ordinal": item.ordinal,
        "line": item.line,
        "row_id": item.row_id,
        "variant": item.variant,
        "priority": int(item.priority),
        "lora_group": item.lora_group,
        "engine": job.order.engine,
        "spec": item.spec_text,
        "cache_key": item.cache_key,
        "state": ItemState.FAILED if item.failure else ItemState.PENDING,
        "cached": False,
        "result_key": None,
        "error_code": item.failure.code if item.failure else None,
        "error": item.failure.reason if item.failure else None,
    }
