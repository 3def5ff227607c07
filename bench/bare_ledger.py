"""Processes that claim and complete items: by the ledger, or with its statements through the bare driver."""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psycopg
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch.ledger.database import POSTGRESQL, Database
from qie_batch.ledger.sql import SqlLedger
from tests.support.ledgers import WORKER, result_of, used

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from qie_batch.model import Attempt

#: SQL, and its parameters.
Statement = tuple[str, Any]


class ClaimingProcesses:
    """As many as workers; each has its connection open before the first turn."""

    def __init__(self, number: int, url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(number):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, url), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(30)

    def claim_and_complete(self, kind: str, ids: list[str]) -> float:
        """Seconds until every process has done its share."""
        number = len(self._pipes)
        began = time.perf_counter()
        for index, pipe in enumerate(self._pipes):
            pipe.send((kind, ids[index::number]))
        for pipe in self._pipes:
            assert pipe.recv() == "done"
        return time.perf_counter() - began


def _serve(pipe: Connection, url: str) -> None:
    database = Database(url)
    ledger = SqlLedger(database)
    ways: dict[str, Callable[[list[str]], None]] = {"ledger": lambda ids: _by_ledger(ledger, ids)}
    while (asked := pipe.recv()) is not None:
        kind, ids = asked
        if kind == "bare" and "bare" not in ways:
            ways["bare"] = Bare(database, _recorded(ledger, database, ids.pop())).run
        ways[kind](ids)
        pipe.send("done")
    ledger.dispose()


def key_of(item_id: str) -> str:
    return f"{item_id}-key".ljust(64, "0")


def _cycle(ledger: SqlLedger, item_id: str) -> Attempt:
    attempt = ledger.attempts.claim(item_id, WORKER, 60.0)
    assert attempt is not None, item_id
    key = key_of(item_id)
    result = replace(result_of(attempt), cache_key=key, object_key=f"results/{key}")
    assert ledger.attempts.succeed(attempt, result, used(1.0))
    return attempt


def _by_ledger(ledger: SqlLedger, ids: list[str]) -> None:
    for item_id in ids:
        _cycle(ledger, item_id)


def _recorded(ledger: SqlLedger, database: Database, item_id: str) -> list[list[Statement]]:
    """The statements of a claim and a completion, by transaction, with marks for what names the item."""
    transactions: list[list[Statement]] = []

    @event.listens_for(database.engine, "begin")
    def _begin(_connection: object) -> None:
        transactions.append([])

    @event.listens_for(database.engine, "before_cursor_execute")
    def _execute(_connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        if not sql.startswith(("BEGIN", "SELECT 1")):
            transactions[-1].append((sql, parameters))

    attempt = _cycle(ledger, item_id)
    event.remove(database.engine, "begin", _begin)
    event.remove(database.engine, "before_cursor_execute", _execute)
    marks = {value: mark for mark, value in names(attempt.item_id).items()}
    return [
        [(sql, replaced(given, marks)) for sql, given in statements]
        for statements in transactions
        if statements
    ]


def names(item_id: str) -> dict[str, str]:
    """What differs between the statements of two items, by mark."""
    key = key_of(item_id)
    return {"ITEM": item_id, "JOB": item_id.partition(".")[0], "KEY": key, "OBJECT": f"results/{key}"}


def replaced(given: Any, values: dict[str, str]) -> Any:
    """The parameters, by name or by place, with other values."""
    if isinstance(given, dict):
        return {name: values.get(value, value) for name, value in given.items()}
    return [values.get(value, value) for value in given]


class Bare:
    """The statements through the driver alone."""

    def __init__(self, database: Database, transactions: list[list[Statement]]) -> None:
        self._transactions = transactions
        url = database.engine.url
        self._is_sqlite = url.drivername == "sqlite"
        self._connection: Any
        if self._is_sqlite:
            self._connection = sqlite3.connect(str(url.database), timeout=30, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        else:
            plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(plain, **POSTGRESQL)

    def run(self, ids: list[str]) -> None:
        for item_id in ids:
            named = names(item_id)
            for statements in self._transactions:
                self._transaction(statements, named)

    def _transaction(self, statements: list[Statement], named: dict[str, str]) -> None:
        connection = self._connection
        if self._is_sqlite:
            connection.execute("BEGIN IMMEDIATE")
        for sql, given in statements:
            cursor = connection.execute(sql, replaced(given, named))
            if cursor.description:
                cursor.fetchall()
        connection.commit()
