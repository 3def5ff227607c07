"""What the classic engine makes of packshots with true alpha and of real photographs.

Packshots (--packshots FOLDER) are composed on five backdrops and edited to a new background; the result is
compared with the alpha. Photographs come from pinned packages, the edits from photos.csv; people look at the
results (--sheet FOLDER) and add lines to photo_verdicts.csv. All edits run through the whole product, or with
--engine in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photographs import packshots, rows, sources, speed
from photographs.running import Edit, Outcome, in_process, through_product
from photographs.sheets import Sheets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MODEL_VARIABLE = "QIE_CUTOUT_MODEL"
PARTS = ("packshots", "photographs", "speed")


def arguments_of(words: list[str]) -> argparse.Namespace:
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--packshots", type=Path, metavar="FOLDER", help="RGBA packshots with true alpha")
    add("--only", choices=PARTS, help="one part; without it packshots, if there are any, and photographs")
    add("--speed", action="store_true", help="time and memory of a 12-megapixel edit, too")
    add("--engine", action="store_true", help="in this process, not through the product")
    add("--model", type=Path, metavar="FILE", help=f"sets {MODEL_VARIABLE}")
    add("--cases", default="*", metavar="GLOB", help='of the packshots, "*-white" for example')
    add("--every", action="store_true", help="print a line for every packshot")
    add("--rows", default="", metavar="N[-N],...", help="of photos.csv; all without it")
    add("--cache", type=Path, default=Path(caches) / "qie-batch-photos", metavar="FOLDER")
    add("--sheet", type=Path, metavar="FOLDER", help="write contact sheets and rows.csv")
    add("--to-look-at", action="store_true", help="print lines for photo_verdicts.csv to fill in")
    add("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


def run(edits: Sequence[Edit], folder: Path, *, engine: bool) -> Iterable[Outcome]:
    return in_process(edits) if engine else through_product(edits, folder)


def measure_packshots(arguments: argparse.Namespace) -> dict[str, Any]:
    folder, glob = arguments.packshots, arguments.cases
    all_cases = [case for case in packshots.cases(folder) if fnmatch(case.id, glob)]
    if not all_cases:
        sys.exit(f"there are no .png files in {folder}, or none that is {glob}")
    with tempfile.TemporaryDirectory(prefix="qie-packshots-") as name:
        scratch = Path(name)
        verdicts = packshots.judge(
            all_cases, scratch, lambda edits: run(edits, scratch, engine=arguments.engine)
        )
    if arguments.every:
        for each in verdicts:
            print(
                f"{each.case.id} {each.case.quality}: {each.word} {each.lost:.3f} lost {each.left:.3f} left"
            )
    print(packshots.table(verdicts))
    by_backdrop = {
        name: packshots.figures([each for each in verdicts if each.case.backdrop == name])
        for name in packshots.BACKDROPS
    }
    return {**packshots.figures(verdicts), "by_backdrop": by_backdrop}


def measure_photographs(arguments: argparse.Namespace) -> dict[str, Any]:
    sources.fetch(arguments.cache)
    chosen = [row for row in rows.read_rows() if is_chosen(row.number, arguments.rows)]
    sheets = Sheets(arguments.sheet, arguments.cache) if arguments.sheet else None
    with tempfile.TemporaryDirectory(prefix="qie-photos-") as name:
        outcomes = run(rows.edits_of(chosen, arguments.cache), Path(name), engine=arguments.engine)
        show = sheets.add if sheets else (lambda _row, _outcome: None)
        found = rows.look(chosen, outcomes, rows.read_verdicts(), show)
    if sheets:
        sheets.close(found)
    figures = rows.figures(found)
    print(rows.text(figures))
    if arguments.to_look_at:
        print(rows.lines_to_fill_in(found))
    return figures


def is_chosen(number: int, ranges: str) -> bool:
    if not ranges:
        return True
    ends = [part.partition("-")[::2] for part in ranges.split(",")]
    return any(int(first) <= number <= int(last or first) for first, last in ends)


def measure_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    sources.fetch(arguments.cache)
    with tempfile.TemporaryDirectory(prefix="qie-speed-") as name:
        found = speed.measure(arguments.cache, Path(name))
    print(speed.text(found))
    return found


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    if arguments.model:
        os.environ[MODEL_VARIABLE] = str(arguments.model.absolute())
    wanted = {
        "packshots": bool(arguments.packshots),
        "photographs": not arguments.only,
        "speed": arguments.speed,
    }
    measures = dict(zip(PARTS, (measure_packshots, measure_photographs, measure_speed), strict=True))
    through = "engine" if arguments.engine else "product"
    found: dict[str, Any] = {"through": through, "model": os.environ.get(MODEL_VARIABLE, "")}
    for part, measure in measures.items():
        if part == arguments.only or (not arguments.only and wanted[part]):
            found[part] = measure(arguments)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
