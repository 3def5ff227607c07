"""`make chaos`: every scenario at full length on both databases; docs/reliability.md says what came of it.

A scenario that is run alone replaces its own row of the page and leaves the others.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.chaos import page  # noqa: E402 - the checkout has to be on the path first
from tests.chaos.rigs import DATABASES, Impossible, Rigs  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULES = (
    "workers",
    "accidents",
    "hostile",
    "broker",
    "services",
    "freezes",
    "messages",
    "fleet",
    "storm",
    "soak",
)
MACHINE, MACHINE_STEPS = "ledger_machine", 20_000


def scenarios() -> dict[str, Callable[..., dict[str, float | int]]]:
    """By name, in the order of the page."""
    modules = [importlib.import_module(f"tests.chaos.scenarios.{name}") for name in MODULES]
    return {scenario.__name__: scenario for module in modules for scenario in module.SCENARIOS}


def main() -> int:
    known = scenarios()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*known, MACHINE], help="this one alone")
    parser.add_argument("--database", choices=DATABASES, help="on this one alone")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--short", action="store_true", help="as in `make test`; the page stays as it is")
    wishes = parser.parse_args()
    _say(f"seed {wishes.seed}")
    well = True
    for name, database in _wanted([*known, MACHINE], wishes):
        began = time.monotonic()
        row = _machine(database, wishes) if name == MACHINE else _row(known[name], database, wishes)
        row |= {
            "database": database,
            "seed": wishes.seed,
            "date": datetime.now(UTC).date().isoformat(),
            "minutes": round((time.monotonic() - began) / 60, 1),
        }
        well = well and row["state"] != "failed"
        _say(page.line(row))
        if not wishes.short:
            page.keep(name, database, row, order=[*known, MACHINE])
    return not well


def _wanted(names: list[str], wishes: argparse.Namespace) -> Iterator[tuple[str, str]]:
    for name in names:
        for database in DATABASES:
            if wishes.only in (None, name) and wishes.database in (None, database):
                yield name, database


def _row(
    scenario: Callable[..., dict[str, float | int]], database: str, wishes: argparse.Namespace
) -> dict[str, Any]:
    row: dict[str, Any] = {"title": (scenario.__doc__ or scenario.__name__).splitlines()[0].strip(" .")}
    try:
        with Rigs(database, wishes.seed) as rigs:
            return row | {"state": "held", "figures": scenario(rigs, full=not wishes.short)}
    except Impossible as error:
        return row | {"state": "skipped", "why": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it was, it is the scenario's outcome
        traceback.print_exc()
        lines = str(error).strip().splitlines() or [""]
        return row | {"state": "failed", "why": f"{type(error).__name__}: {lines[0]}"}


def _machine(database: str, wishes: argparse.Namespace) -> dict[str, Any]:
    """The walk over the ledger's methods, with things lost, doubled and struck down between statements."""
    steps = {} if wishes.short else {"QIE_CHAOS_STEPS": str(MACHINE_STEPS)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/chaos/test_ledger_machine.py", "-k", database],
        cwd=REPOSITORY,
        env={**os.environ, **steps, "QIE_CHAOS_SEED": str(wishes.seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    row = {"title": "random walk over the ledger's methods: lost, doubled, late, wiped, struck down"}
    told = re.search(rf"(\d+) steps on {database}", done.stdout)
    if done.returncode or not told:
        _say(done.stdout[-4000:] + done.stderr[-2000:])
        return row | {"state": "failed", "why": done.stdout.strip().splitlines()[-1]}
    return row | {"state": "held", "figures": {"steps": int(told[1]), "violations": 0}}


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program for people


if __name__ == "__main__":
    sys.exit(main())
