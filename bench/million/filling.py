"""Ledgers on SQLite and PostgreSQL, filled with jobs of many pending items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from qie_batch.ledger.database import Database
from qie_batch.ledger.schema import upgrade
from qie_batch.ledger.sql import SqlLedger
from tests.support.ledgers import new_job, spec

if TYPE_CHECKING:
    from sqlalchemy import Connection

ITEMS = """
INSERT INTO items (id, job_id, ordinal, line, row_id, variant, priority, engine, spec, cache_key, state,
  attempt, not_before, publishes, errors, crashes, preemptions, retries, cached, result_key, finished_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)
SELECT :job || '.' || i, :job, i, i + 2, 'sku-' || i, 0, 1, 'classic', :spec, :key || (10000000 + i),
  CASE WHEN i < :done THEN 'succeeded' ELSE 'pending' END, CASE WHEN i < :done THEN 1 ELSE 0 END,
  0, 0, 0, 0, 0, 0, (1 = 0), CASE WHEN i < :done THEN :key || (10000000 + i) END,
  CASE WHEN i < :done THEN :start + i END FROM n
"""
RESULTS = """
INSERT INTO results (cache_key, object_key, sha256, size, width, height, engine, device, seconds, cost_micros,
  created_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :done - 1)
SELECT :key || (10000000 + i), 'results/' || :key || (10000000 + i), :key, 1234, 64, 48, 'classic', 'cpu',
  1.0, 500, :start + i FROM n
"""
ATTEMPTS = """
INSERT INTO attempts (item_id, number, job_id, worker, engine, preset, device, hour_micros, started_at,
  ended_at, outcome, seconds, cost_micros)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :done - 1)
SELECT :job || '.' || i, 1, :job, 'worker-1', 'classic', 'balanced', 'cpu', 1000, :start + i, :start + i + 1,
  'succeeded', 1.0, 500 FROM n
"""
#: Seconds since 1970 at which the items that are done were done, the first of them.
START = 1_700_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Jobs of equally many items, of which a share has succeeded already."""

    name: str
    items: int
    jobs: int
    done: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    size: Size
    url: str
    database: Database
    ledger: SqlLedger

    def job_ids(self) -> list[str]:
        return [f"job-{number}" for number in range(self.size.jobs)]


def cache_key(item_id: str) -> str:
    """The cache key of a filled item."""
    job_id, _, ordinal = item_id.rpartition(".")
    return f"{job_id.rjust(56, '0')}{10_000_000 + int(ordinal)}"


def fill(url: str, size: Size) -> Filled:
    """A new ledger at this address, with the items in it."""
    database = Database(url)
    upgrade(database)
    filled = Filled(size=size, url=url, database=database, ledger=SqlLedger(database))
    _insert(filled)
    return filled


def refill(filled: Filled) -> None:
    """The ledger as it was at first."""
    with filled.database.write() as connection:
        for name in ("attempts", "items", "results", "jobs"):
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - the names above
    _insert(filled)


def _insert(filled: Filled) -> None:
    size = filled.size
    each = size.items // size.jobs
    for job_id in filled.job_ids():
        filled.ledger.intake.add_job(new_job(job_id, budget_micros=10**12), ())
        given = {
            "job": job_id,
            "last": each - 1,
            "done": int(each * size.done),
            "spec": spec("red").canonical,
            "key": cache_key(f"{job_id}.0")[:56],
            "start": START,
        }
        with filled.database.write() as connection:
            _make_patient(connection)
            for statement in (RESULTS, ITEMS, ATTEMPTS) if given["done"] else (ITEMS,):
                connection.execute(text(statement), given)
    settle(filled.database)


def _make_patient(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def settle(database: Database) -> None:
    """What the databases do by themselves after a while: PostgreSQL's statistics, SQLite's checkpoint."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if is_sqlite:
            return
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
        connection.execute(text("RESET statement_timeout"))
