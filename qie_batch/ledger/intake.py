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
from qie_batch.ledger.verdicts import APPROVED, REJECTED, REJECTED_CODE, REQUIRED, Decided, decided
from qie_batch.model import ItemState, JobState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qie_batch.ledger.database import Database
    from qie_batch.model import JobOrder, NewItem, NewJob

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

        An item whose cache key has a result is final at once, cached, at no cost, unless a gate failed the
        result and no person decided: an attempt that finds the result holds it to what this row asks.

        Give items that are computed already: the transaction is open while `new_items` is read, and SQLite
        has one writer, for which the heartbeats of all workers wait.
        """
        with self._db.write() as connection:
            now = connection.scalar(select(self._db.now)) or 0.0
            if not self._db.insert_once(connection, jobs, _job_values(job, now)):
                return False
            for chunk in _chunks(new_items):
                _insert_items(connection, job.order, [_item_values(job, item) for item in chunk], now)
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


def _insert_items(connection: Connection, order: JobOrder, chunk: list[dict[str, Any]], now: float) -> None:
    keys = [values["cache_key"] for values in chunk if values["cache_key"]]
    # Locked (PostgreSQL), so that no result is deleted before the items that name that result are inserted.
    locked = _results(keys).add_columns(results.c.verdict).with_for_update(read=True, key_share=True)
    known = {row.cache_key: row.verdict for row in connection.execute(locked)}
    reviewed = decided(connection, known, order.owner) if known else {}
    for values in chunk:
        key = values["cache_key"]
        if key in known:
            values.update(_cached(key, known[key], reviewed.get(key), order))
        values["finished_at"] = None if values["state"] == ItemState.PENDING else now
    # Not `insert(items)`, for which SQLAlchemy would work out the parameters of each row anew.
    connection.exec_driver_sql(_insert_text(connection.dialect.name, tuple(chunk[0])), chunk)


def _cached(key: str, verdict: str, review: Decided | None, order: JobOrder) -> dict[str, Any]:
    """What an item of this cache key has from the start; nothing where its attempt decides."""
    found = {"cached": True, "result_key": key, "review": review.review if review else "", "version": 1}
    if found["review"] == APPROVED:
        return {**found, "state": ItemState.SUCCEEDED}
    if review and found["review"] == REJECTED:
        return {**found, "state": ItemState.REJECTED, "error_code": REJECTED_CODE, "error": review.note}
    if verdict == Verdict.FAILED:
        return {}
    required = order.review == REQUIRED
    return {**found, "state": ItemState.NEEDS_REVIEW if required else ItemState.SUCCEEDED}


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
        "review": order.review,
        "final_preset": order.final_preset,
        "parent": job.parent,
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
        "checks": item.checks.text,
    }
