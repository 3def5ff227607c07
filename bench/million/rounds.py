"""What control reads in a round and the gateway for a page, and how long each takes."""

from __future__ import annotations

import statistics
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from qie_batch.model import ItemSelection, ItemState, JobSelection, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from million.filling import Filled
    from qie_batch.ledger.sql import SqlLedger

TIMES = 7

Reads = dict[str, "Callable[[], object]"]


def control(ledger: SqlLedger) -> Reads:
    dispatch, gauges = ledger.dispatch, ledger.gauges
    return {
        "engines_waiting": dispatch.engines_waiting,
        "budgeted_jobs": lambda: dispatch.budgeted_jobs("classic"),
        "spending": lambda: ledger.costs.spending("job-0"),
        "history": lambda: ledger.costs.history("classic", "balanced"),
        "enqueue, full": lambda: dispatch.enqueue("classic", 1, {}),
        "enqueue of 64": lambda: dispatch.enqueue("classic", 64, {}),
        "engines_queued": dispatch.engines_queued,
        "unclaimed": lambda: dispatch.unclaimed("classic", 5.0),
        "expire_leases": ledger.recovery.expire_leases,
        "ready": ledger.settlement.ready,
        "backlog": gauges.backlog,
        "latest_claims": gauges.latest_claims,
        "budget_used": gauges.budget_used,
        "begun_runs": lambda: gauges.begun_runs(15.0),
        "running": ledger.workers.running,
    }


def gateway(ledger: SqlLedger) -> Reads:
    def page(**wanted: Any) -> Callable[[], object]:
        selection = ItemSelection(page=50, **wanted)
        return lambda: list(islice(ledger.jobs.items("job-0", selection), 50))

    return {
        "jobs": lambda: ledger.jobs.latest(JobSelection(limit=20)),
        "open jobs": lambda: ledger.jobs.latest(JobSelection(limit=20, states=(JobState.OPEN,))),
        "progress": lambda: ledger.costs.progress("job-0"),
        "items": page(),
        "items, middle": page(after=5000),
        "items, pending": page(states=(ItemState.PENDING,)),
        "items, succeeded": page(states=(ItemState.SUCCEEDED,)),
        "items, failed": page(states=(ItemState.FAILED,)),
        "items, code": page(code="image_missing"),
        "items, row": page(row_id="sku-4242"),
        "items, id": page(id="job-0.4242"),
        "counts of lines": lambda: ledger.batches.counts("job-0"),
        "costs by day": lambda: ledger.costs.lines("job-0", "day"),
        "costs of all": lambda: ledger.costs.lines(None, "day"),
        "tenant's day": lambda: ledger.tenants.spending(""),
    }


def milliseconds(filled: Filled, name: str, read: Callable[[], object]) -> float:
    """The median; what was queued is pending again after each time."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        read()
        taken.append(1000 * (time.perf_counter() - began))
        if name.startswith("enqueue of"):
            for job_id in filled.job_ids():
                filled.ledger.jobs.pause(job_id, "user")
                filled.ledger.jobs.resume(job_id)
    return statistics.median(taken)


def explain(filled: Filled, reads: Reads) -> None:
    """Print the plan of each query."""
    database = filled.database
    words = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE) "

    @event.listens_for(database.engine, "before_cursor_execute")
    def _show(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith("SELECT"):
            return
        cursor = connection.connection.cursor()
        cursor.execute(words + statement, parameters)
        print(*(f"    {row[-1]}" for row in cursor.fetchall()), sep="\n")

    for name, read in reads.items():
        print(name)
        read()
    event.remove(database.engine, "before_cursor_execute", _show)
