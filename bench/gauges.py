"""Measures how long the gauges of a ledger take to read that has a job of 1,000,000 items.

Half of the items have succeeded, with an attempt each; the other half wait. With `--postgres`, the ledger
is on a PostgreSQL server that is started for it, else a file of SQLite. `--explain` prints each query's plan.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event, text

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch.ledger.database import Database
from qie_batch.ledger.schema import upgrade
from qie_batch.ledger.sql import SqlLedger
from tests.support.ledgers import new_job, spec
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

TIMES = 7

ITEMS = """
INSERT INTO items (id, job_id, ordinal, line, row_id, variant, priority, engine, spec, cache_key, state,
  attempt, not_before, publishes, errors, crashes, preemptions, retries, cached)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)
SELECT 'big.' || i, 'big', i, i + 2, 'sku-' || i, 0, 1, 'classic', :spec, :key || (10000000 + i),
  CASE WHEN i % 2 = 0 THEN 'succeeded' ELSE 'pending' END, (i + 1) % 2, 0, 0, 0, 0, 0, 0, (1 = 0) FROM n
"""
ATTEMPTS = """
INSERT INTO attempts (item_id, number, job_id, worker, engine, preset, device, hour_micros, started_at,
  ended_at, outcome, seconds, cost_micros)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 2 FROM n WHERE i < :last - 2)
SELECT 'big.' || i, 1, 'big', 'worker-1', 'classic', 'balanced', 'cpu', 1000, :start + i, :start + i + 1,
  'succeeded', 1.0, 500 FROM n
"""


def fill(ledger: SqlLedger, database: Database, number: int) -> None:
    ledger.intake.add_job(new_job("big", budget_micros=10**9), ())
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        given = {"last": number - 1, "spec": spec("red").canonical, "key": "ab" * 28}
        connection.execute(text(ITEMS), given)
        connection.execute(text(ATTEMPTS), {"last": number - 1, "start": time.time() - number - 10})
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE"))


def explain(database: Database) -> None:
    """Print the plan of each query before it is sent."""
    words = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN "

    @event.listens_for(database.engine, "before_cursor_execute")
    def _show(
        connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if not statement.startswith("SELECT"):
            return
        cursor = connection.connection.cursor()
        cursor.execute(words + statement, parameters)
        print(*(f"    {row[-1]}" for row in cursor.fetchall()), sep="\n")


def measure(name: str, read: Callable[[], object]) -> None:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        read()
        taken.append(1000 * (time.perf_counter() - began))
    print(f"{name:<16} median {statistics.median(taken):7.1f} ms, most {max(taken):7.1f} ms")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--items", type=int, default=1_000_000)
    arguments.add_argument("--explain", action="store_true")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.WARNING)
    with ExitStack() as undo:
        folder = undo.enter_context(tempfile.TemporaryDirectory())
        server = undo.enter_context(Postgres()) if given.postgres else None
        database = Database(server.new_database() if server else f"sqlite:///{folder}/ledger.sqlite3")
        upgrade(database)
        ledger = SqlLedger(database)
        fill(ledger, database, given.items)
        reads = {
            "backlog": ledger.gauges.backlog,
            "latest_claims": ledger.gauges.latest_claims,
            "budget_used": ledger.gauges.budget_used,
            "begun_runs": lambda: ledger.gauges.begun_runs(15.0),
            "history": lambda: ledger.costs.history("classic", "balanced"),
        }
        for name, read in reads.items():
            measure(name, read)
        if given.explain:
            explain(database)
            for name, read in reads.items():
                print(name)
                read()
        ledger.dispose()


if __name__ == "__main__":
    main()
