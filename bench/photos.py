"""What the classic engine makes of packshots with true alpha and of real photographs.

Packshots are composed on five backdrops and edited to a new background; the result is compared with the
alpha. They run through the whole product, or with --engine in this process.
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

from photographs import packshots
from photographs.running import Edit, Outcome, in_process, through_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MODEL_VARIABLE = "QIE_CUTOUT_MODEL"


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packshots", type=Path, metavar="FOLDER", help="RGBA packshots with true alpha")
    parser.add_argument("--engine", action="store_true", help="in this process, not through the product")
    parser.add_argument("--model", type=Path, metavar="FILE", help=f"sets {MODEL_VARIABLE}")
    parser.add_argument(
        "--cases", default="*", metavar="GLOB", help='of the packshots, "*-white" for example'
    )
    parser.add_argument("--every", action="store_true", help="print a line for every packshot")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


def measure_packshots(arguments: argparse.Namespace) -> dict[str, Any]:
    folder, glob = arguments.packshots, arguments.cases
    all_cases = [case for case in packshots.cases(folder) if fnmatch(case.id, glob)]
    if not all_cases:
        sys.exit(f"there are no .png files in {folder}, or none that is {glob}")
    with tempfile.TemporaryDirectory(prefix="qie-packshots-") as name:

        def run(edits: Sequence[Edit]) -> Iterable[Outcome]:
            return in_process(edits) if arguments.engine else through_product(edits, Path(name))

        verdicts = packshots.judge(all_cases, Path(name), run)
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


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    if arguments.model:
        os.environ[MODEL_VARIABLE] = str(arguments.model.absolute())
    found: dict[str, Any] = {"through": "engine" if arguments.engine else "product"}
    found["model"] = os.environ.get(MODEL_VARIABLE, "")
    if arguments.packshots:
        found["packshots"] = measure_packshots(arguments)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
