"""Of everyday phrasings: how many the classic engine understands, and how many it refuses as it must.

`python bench/phrasings.py [FILE] [--json] [--misses]`: FILE has the columns language, operation, instruction
(default: phrasings.csv beside this program). A row of the operation "none" is right when it is refused, any
other when it is accepted at submit. Whether an accepted instruction is carried out as meant is not measured.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

from qie_batch.engines.classic import check
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, ImageHeader

PHRASINGS = Path(__file__).with_name("phrasings.csv")
IMAGE = ImageHeader("PNG", 1200, 1000)
REFUSED = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    language: str
    operation: str
    instruction: str
    code: str | None
    """Of the refusal; None if the instruction was accepted."""

    @property
    def right(self) -> bool:
        return (self.code is not None) == (self.operation == REFUSED)


def refusal(instruction: str) -> str | None:
    try:
        check(EditParams(instruction=instruction), [IMAGE])
    except Rejected as rejected:
        return str(rejected.code)
    return None


def outcomes(path: Path) -> list[Outcome]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [Outcome(**row, code=refusal(row["instruction"])) for row in csv.DictReader(lines)]


def share(rows: list[Outcome]) -> dict[str, int]:
    return {"right": sum(row.right for row in rows), "of": len(rows)}


def figures(rows: list[Outcome]) -> dict[str, dict[str, dict[str, int]]]:
    """By language: `understood` over all operations, `refused` of the rows to refuse, and each operation."""
    found = {}
    for language in dict.fromkeys(row.language for row in rows):
        own = [row for row in rows if row.language == language]
        named = [row for row in own if row.operation != REFUSED]
        found[language] = {
            "understood": share(named),
            "refused": share([row for row in own if row.operation == REFUSED]),
        }
        for name in sorted({row.operation for row in named}):
            found[language][name] = share([row for row in named if row.operation == name])
    return found


def print_table(found: dict[str, dict[str, dict[str, int]]]) -> None:
    for language, shares in found.items():
        for name, one in shares.items():
            percent = 100 * one["right"] / max(1, one["of"])
            print(f"{language}  {name:<14}{one['right']:>4} of {one['of']:>3}  {percent:5.1f} %")
        print()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", nargs="?", type=Path, default=PHRASINGS)
    options.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options.add_argument("--misses", action="store_true", help="print the rows that came out wrong")
    chosen = options.parse_args()
    rows = outcomes(chosen.file)
    found = figures(rows)
    print_table(found)
    if chosen.misses:
        for row in rows:
            if not row.right:
                print(f"{row.language}  {row.operation:<14}{row.code or 'accepted':<28}{row.instruction}")
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
