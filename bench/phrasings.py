"""Of everyday phrasings: how many the classic engine understands as what they say, and how many it refuses as
it must.

`python bench/phrasings.py [FILE] [--json] [--misses]`: FILE has the columns language, operation, instruction
(default: phrasings.csv beside this program). A row of the operation "none" is right when it is refused, any
other when submit accepts it and its operations are those that the row names.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.engines.classic import edits
from qie_batch.engines.classic.rules import operations_for
from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation

PHRASINGS = Path(__file__).with_name("phrasings.csv")
SIZE = (1200, 1000)
REFUSED = "none"
SEVERAL = "combined"
LABELS = {
    edits.SetBackground: "background", edits.AddShadow: "shadow", edits.Recolour: "recolour",
    edits.SetTone: "tone", edits.SetBrightness: "brightness", edits.SetContrast: "contrast",
    edits.SetSaturation: "saturation", edits.Sharpen: "sharpen", edits.AutoLevels: "auto",
    edits.BalanceWhite: "white balance", edits.MakeGrey: "grey", edits.WriteText: "text", edits.Crop: "crop",
    edits.Trim: "trim", edits.Pad: "pad", edits.Resize: "resize", edits.Rotate: "rotate", edits.Flip: "flip",
    edits.AddBorder: "border", edits.ReplaceText: "replaced text", edits.TranslateText: "translation",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    language: str
    operation: str
    instruction: str
    #: The label of what was understood, or the code of the refusal.
    found: str
    refused: bool

    @property
    def right(self) -> bool:
        return self.refused if self.operation == REFUSED else self.found == self.operation


def label(operations: tuple[Operation, ...]) -> str:
    if len(operations) > 1:
        return SEVERAL
    (operation,) = operations
    if isinstance(operation, edits.SetBackground) and operation.colour is None:
        return "transparent"
    if isinstance(operation, edits.Recolour) and len(operation.changes) == 2:
        return "swap"
    return LABELS[type(operation)]


def outcome(row: dict[str, str]) -> Outcome:
    try:
        found, refused = label(operations_for(row["instruction"], SIZE)), False
    except Rejected as rejected:
        found, refused = str(rejected.code), True
    return Outcome(**row, found=found, refused=refused)


def outcomes(path: Path) -> list[Outcome]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [outcome(row) for row in csv.DictReader(lines)]


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
                print(f"{row.language}  {row.operation:<14}{row.found:<28}{row.instruction}")
    if chosen.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
