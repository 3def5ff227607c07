"""Measures the ledger with a million pending items in five jobs against ten thousand in one.

On SQLite and on a PostgreSQL server that is started for it, with its settings as they are by default:

* items claimed and completed per second by four processes, against the same statements sent by the driver
  alone with the same commits (`*_ratio_to_bare`), in turns, so that other load meets both;
* the same while a dispatcher queues them, with a million against ten thousand
  (`ratio_million_to_ten_thousand`), in turns too;
* what control reads in each round and what the gateway reads for each page, in milliseconds.

`--done 0.5` makes that share of the items succeed beforehand. `--explain` prints the plan of each query.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))
from million.bare import record
from million.filling import Size, fill, refill
from million.rounds import control, explain, gateway, milliseconds
from million.speed import Processes

from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from million.filling import Filled

DATABASES = ("sqlite", "postgresql")


def measure_speed(
    small: Filled, large: Filled, processes: Processes, given: argparse.Namespace
) -> dict[str, float]:
    name = small.database.engine.dialect.name
    figures = {}
    for filled in (small, large):
        rates: dict[str, list[float]] = {"ledger": [], "bare": []}
        for turn in range(given.turns):
            for how in ("ledger", "bare") if turn % 2 else ("bare", "ledger"):
                rates[how].append(processes.rate(filled, how, given.batch))
        ours, bare = (statistics.median(rates[how]) for how in ("ledger", "bare"))
        ratio = statistics.median(a / b for a, b in zip(rates["ledger"], rates["bare"], strict=True))
        print(
            f"{name:<10} {filled.size.name:<16} ledger {ours:5.0f}/s, bare {bare:5.0f}/s, ratio {ratio:.2f}"
        )
        figures[f"{name}_ratio_to_bare" + ("_million" if filled is large else "")] = ratio
    refill(small)
    dispatched: dict[str, list[float]] = {small.size.name: [], large.size.name: []}
    for _ in range(given.turns):
        for filled in (small, large):
            dispatched[filled.size.name].append(processes.rate_with_dispatch(filled, given.seconds))
    few, many = (dispatched[each.size.name] for each in (small, large))
    ratio = statistics.median(a / b for a, b in zip(many, few, strict=True))
    print(
        f"{name:<10} with dispatch: {statistics.median(few):.0f}/s of ten thousand,"
        f" {statistics.median(many):.0f}/s of a million, ratio {ratio:.2f}"
    )
    return {**figures, f"{name}_ratio_million_to_ten_thousand": ratio}


def measure_rounds(small: Filled, large: Filled) -> dict[str, float]:
    name, figures = small.database.engine.dialect.name, {}
    for reads_of in (control, gateway):
        few, many = reads_of(small.ledger), reads_of(large.ledger)
        for read in few:
            pair = (milliseconds(small, read, few[read]), milliseconds(large, read, many[read]))
            print(
                f"{name:<10} {reads_of.__name__:<8} {read:<18} {pair[0]:8.2f} ms {pair[1]:9.2f} ms"
                f" {pair[1] / pair[0]:7.1f} times"
            )
            figures[f"{name} {read}"] = pair[1]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--database", choices=DATABASES, help="this one alone")
    parser.add_argument("--only", choices=["speed", "rounds"], help="this part alone")
    parser.add_argument("--items", type=int, default=1_000_000, help="of the large ledger")
    parser.add_argument("--done", type=float, default=0.0, help="share of the items that have succeeded")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=800, help="items of one turn")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn with a dispatcher")
    parser.add_argument("--explain", action="store_true")
    given = parser.parse_args()
    few = Size(name="10,000 in 1 job", items=10_000, jobs=1, done=given.done)
    many = Size(name=f"{given.items:,} in 5", items=given.items, jobs=5, done=given.done)
    figures: dict[str, float] = {}
    for name in DATABASES:
        if given.database in (None, name):
            with ExitStack() as undo:
                new_url = _addresses(name, undo)
                recorded = {name: record(new_url())}
                small, large = fill(new_url(), few), fill(new_url(), many)
                if given.explain:
                    for reads_of in (control, gateway):
                        explain(large, reads_of(large.ledger))
                if given.only != "speed":
                    figures |= measure_rounds(small, large)
                if given.only != "rounds":
                    processes = undo.enter_context(Processes([small, large], recorded))
                    figures |= measure_speed(small, large, processes, given)
                small.ledger.dispose()
                large.ledger.dispose()
    if given.json:
        print(json.dumps({key: round(value, 3) for key, value in figures.items()}))


def _addresses(name: str, undo: ExitStack) -> Callable[[], str]:
    """What gives the address of a new, empty database at each call."""
    if name == "postgresql":
        return undo.enter_context(Postgres(durable=True)).new_database
    folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="qie-ledger-"))
    numbers = iter(range(10))
    return lambda: f"sqlite:///{folder}/{next(numbers)}.sqlite3"


if __name__ == "__main__":
    main()
