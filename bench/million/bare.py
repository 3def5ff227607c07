"""A claim and a completion as the ledger makes them, and the same statements from the driver alone."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg
from sqlalchemy import event, make_url, update

from million.filling import cache_key
from qie_batch.ledger.database import BUSY_SECONDS, POSTGRESQL, Database
from qie_batch.ledger.prepared import Prepared
from qie_batch.ledger.schema import upgrade
from qie_batch.ledger.sql import SqlLedger
from qie_batch.ledger.tables import items
from tests.support.ledgers import WORKER, add, enqueue, result_of, used

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    #: For each transaction its statements with their parameters.
    Recorded = list[list[tuple[str, Any]]]

PROBE = "probe.0"


def ledger_items(url: str) -> Callable[[str], None]:
    """Claims the item of an id and completes it, by the ledger."""
    return _by_ledger(SqlLedger(Database(url)))


def _by_ledger(ledger: SqlLedger) -> Callable[[str], None]:
    attempts = ledger.attempts

    def one(item_id: str) -> None:
        attempt = attempts.claim(item_id, WORKER, 60.0)
        assert attempt is not None, item_id
        key = cache_key(item_id)
        made = replace(result_of(attempt), cache_key=key, object_key=f"results/{key}")
        assert attempts.succeed(attempt, made, used(1.0)), item_id

    return one


def record(url: str) -> Recorded:
    """The statements of one item in an empty ledger at this address."""
    database = Database(url)
    upgrade(database)
    ledger = SqlLedger(database)
    add(ledger, "probe", job_id="probe")
    with database.write() as connection:
        connection.execute(update(items).values(cache_key=cache_key(PROBE)))
    enqueue(ledger)
    sent: Recorded = []

    @event.listens_for(database.engine, "begin")
    def _begin(_connection: Connection) -> None:
        sent.append([])

    def recorded(self: Prepared, *given: Any) -> tuple[str, Any]:
        sent[-1].append(found := plain(self, *given))
        return found

    plain = Prepared.sent
    with patch.object(Prepared, "sent", recorded):
        _by_ledger(ledger)(PROBE)
    ledger.dispose()
    return sent


def bare_items(url: str, recorded: Recorded) -> Callable[[str], None]:
    """Likewise by the recorded statements, on one connection of the driver."""
    run = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
    recorded_key = cache_key(PROBE)

    def one(item_id: str) -> None:
        key = cache_key(item_id)
        mine = {
            PROBE: item_id,
            "probe": item_id.rpartition(".")[0],
            recorded_key: key,
            f"results/{recorded_key}": f"results/{key}",
        }
        for transaction in recorded:
            run([(text, _replaced(parameters, mine)) for text, parameters in transaction])

    return one


def _replaced(parameters: Any, mine: dict[str, str]) -> Any:
    if isinstance(parameters, dict):
        return {name: mine.get(value, value) for name, value in parameters.items()}
    return tuple(mine.get(value, value) for value in parameters)


def _sqlite(url: str) -> Callable[[list[tuple[str, Any]]], None]:
    connection = sqlite3.connect(make_url(url).database or "", timeout=BUSY_SECONDS, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")

    def run(statements: list[tuple[str, Any]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for text, parameters in statements:
            connection.execute(text, parameters).fetchall()
        connection.execute("COMMIT")

    return run


def _postgresql(url: str) -> Callable[[list[tuple[str, Any]]], None]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection: Any = psycopg.connect(plain, **POSTGRESQL)

    def run(statements: list[tuple[str, Any]]) -> None:
        for text, parameters in statements:
            cursor = connection.execute(text, parameters)
            if cursor.description:
                cursor.fetchall()
        connection.commit()

    return run
