"""The table of docs/reliability.md: the figures of the last run of each scenario."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FIGURES = REPOSITORY / "docs" / "reliability.json"
PAGE = REPOSITORY / "docs" / "reliability.md"

MARK = "<!-- The table below is written by `make chaos` from reliability.json. -->\n\n"


def keep(name: str, database: str, row: dict[str, Any], *, order: list[str]) -> None:
    """Replace the scenario's row of the page."""
    try:
        kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kept = {}
    kept[f"{name} {database}"] = row | {"machine": _machine()}
    place = {name: number for number, name in enumerate(order)}
    rows = dict(sorted(kept.items(), key=lambda pair: (place.get(pair[0].split()[0], 99), -len(pair[0]))))
    FIGURES.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ["| scenario | on | figures | run |", "| --- | --- | --- | --- |", *map(line, rows.values())]
    prose = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(prose + MARK + "\n".join(lines) + "\n", encoding="utf-8")


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    told = ", ".join(f"{name} {value:g}" for name, value in row.get("figures", {}).items())
    if row["state"] != "held":
        told = f"**{row['state']}**: {row['why']}".replace("|", "\\|")
    run = f"{row['date']}, seed {row['seed']}, {row['minutes']:g} min, {row.get('machine', _machine())}"
    return f"| {row['title']} | {row['database']} | {told} | {run} |"


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB"
