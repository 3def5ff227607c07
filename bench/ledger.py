"""Measures the ledger at 10,000 items in one job and at 1,000,000 in five.

First what each round of control asks, and what queues an item. Then four processes claim and complete items,
in turns with four processes that send the same statements through the bare driver (sqlite3, psycopg) with the
same commits: `ratio_to_bare` is the share of the driver's rate that the ledger has. With `--postgres` on a
server that is started for it and that waits for its disk at each commit, else on a file of SQLite.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))
from bare_ledger import ClaimingProcesses
from gauges import explain, fill, settle_statistics

from qie_batch.ledger.database import Database
from qie_batch.ledger.schema import upgrade
from qie_batch.ledger.sql import SqlLedger
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES = 4
#: Items of one process in one turn, and the turns of each kind.
ITEMS_A_TURN, TURNS = 60, 6
WINDOW = 64
#: The first size is the one that others are compared with.
SIZES = {"10,000 in one job": (10_000, 1), "1,000,000 in five jobs": (1_000_000, 5)}


def milliseconds(call: Callable[[], object], times: int = 7) -> float:
    """The median."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def rounds(ledger: SqlLedger) -> dict[str, Callable[[], object]]:
    """What control asks in each round, and the status of a job."""
    return {
        "expire_leases": ledger.recovery.expire_leases,
        "engines_queued": ledger.dispatch.engines_queued,
        "unclaimed": lambda: ledger.dispatch.unclaimed("classic", 5.0),
        "engines_waiting": ledger.dispatch.engines_waiting,
        "budgeted_jobs": lambda: ledger.dispatch.budgeted_jobs("classic"),
        "enqueue (window full)": lambda: ledger.dispatch.enqueue("classic", WINDOW, {}),
        "backlog": ledger.gauges.backlog,
        "progress": lambda: ledger.costs.progress("big0"),
    }


def queue_items(ledger: SqlLedger, number: int) -> tuple[list[str], float]:
    """Ids of queued items, and milliseconds for each, in windows as control fills them."""
    ids = [message.item_id for message in ledger.dispatch.unclaimed("classic", 0.0)]
    before = len(ids)
    began = time.perf_counter()
    while len(ids) < number:
        messages = ledger.dispatch.enqueue("classic", len(ids) + WINDOW, {})
        ledger.dispatch.published([message.item_id for message in messages])
        ids += [message.item_id for message in messages]
    return ids, 1000 * (time.perf_counter() - began) / (len(ids) - before)


def rates(ledger: SqlLedger, url: str) -> tuple[float, float, float]:
    """Items a second that the ledger and the bare driver claim and complete, and their ratio."""
    ids, _ = queue_items(ledger, PROCESSES * ITEMS_A_TURN * (2 * TURNS + 2))
    found: dict[str, list[float]] = {"ledger": [], "bare": []}
    with ClaimingProcesses(PROCESSES, url) as processes:
        for turn in range(2 * TURNS + 2):
            kind = ("ledger", "bare")[(turn + turn // 2) % 2]  # a b b a a b b a
            mine, ids = ids[: PROCESSES * ITEMS_A_TURN], ids[PROCESSES * ITEMS_A_TURN :]
            seconds = processes.claim_and_complete(kind, mine)
            if turn > 1:  # the first two warm up
                found[kind].append(len(mine) / seconds)
    ours, bare = (statistics.median(found[kind]) for kind in ("ledger", "bare"))
    return ours, bare, ours / bare


def measured(url: str, size: tuple[int, int], *, plans: bool) -> dict[str, float]:
    """Milliseconds of each call, and the rates."""
    database = Database(url)
    upgrade(database)
    ledger = SqlLedger(database)
    items, jobs = size
    for job in range(jobs):
        fill(ledger, database, items // jobs, f"big{job}", every_other=False)
    settle_statistics(database)
    if plans:
        explain(database)
    _, enqueued = queue_items(ledger, WINDOW)
    found = {name: milliseconds(call) for name, call in rounds(ledger).items()}
    found["enqueue, an item"] = enqueued
    if not plans:
        found["claim + completion /s"], found["bare /s"], found["ratio_to_bare"] = rates(ledger, url)
        seconds = 1 / found["claim + completion /s"] + found["enqueue, an item"] / 1000
        found["queued, claimed, completed /s"] = 1 / seconds
    ledger.dispose()
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--items", type=int, default=1_000_000, help="of the large ledger")
    arguments.add_argument("--explain", action="store_true", help="print the plans, measure no rates")
    arguments.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.WARNING)
    (small, base), (large, (_, jobs)) = SIZES.items()
    found = {}
    with ExitStack() as undo:
        folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="qie-ledger-"))
        server = undo.enter_context(Postgres(durable=True)) if given.postgres else None
        for number, (name, size) in enumerate({small: base, large: (given.items, jobs)}.items()):
            url = server.new_database() if server else f"sqlite:///{folder}/{number}.sqlite3"
            found[name] = measured(url, size, plans=given.explain)
    print(f"{'':<30} {small:>18} {large:>24}")
    for name in found[small]:
        unit = "" if name.startswith("ratio") else "/s" if name.endswith("/s") else "ms"
        values = (f"{found[size][name]:.2f} {unit}" for size in (small, large))
        print(
            f"{name:<30} "
            + " ".join(f"{value:>{width}}" for value, width in zip(values, (18, 24), strict=True))
        )
    if not given.explain:
        kind = "postgres" if given.postgres else "sqlite"
        whole = "queued, claimed, completed /s"
        ratios = {
            f"{kind}_ratio_to_bare": round(found[small]["ratio_to_bare"], 3),
            "ratio_million_to_ten_thousand": round(found[large][whole] / found[small][whole], 3),
        }
        print(*(f"{name} {value}" for name, value in ratios.items()), sep="\n")
        if given.json:
            print(json.dumps(ratios))


if __name__ == "__main__":
    main()
