"""Planted faults that the gates find, false alarms on clean edits, and the CPU of all gates together.

    python bench/gates.py [--gates unchanged,artefacts] [--number 200] [--packshots FOLDER] [--sheet FOLDER]

Faults and clean edits are made of photographs of pinned packages (fetched into --cache), of packshots with
true alpha, and of drawn products; `planted/` has a file for each gate. A fault that a gate does not speak of
counts as missed; a clean edit that it does not speak of counts as passed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import planted
from planted import edits
from planted.judging import Tally, judged, limit_of
from planted.material import Material
from planted.pages import Sheet
from planted.speed import cpu_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from planted.cases import Case, Maker

ROOT = Path(__file__).parent.parent
GOAL_FOUND, GOAL_FALSE = 0.95, 0.02


def arguments_of(words: list[str]) -> argparse.Namespace:
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--gates", default="", metavar="NAME,...", help="all that have a file in planted/ without it")
    add("--kinds", default="", metavar="TEXT", help="only kinds with this in their name")
    add("--number", type=int, default=200, metavar="N", help="cases of each kind")
    add("--side", type=int, default=800, metavar="PX", help="longer side of every case")
    add("--packshots", type=Path, default=ROOT.parent / "shared/photos/packshots", metavar="FOLDER")
    add("--cache", type=Path, default=Path(caches) / "qie-batch-photos", metavar="FOLDER")
    add(
        "--sheet",
        type=Path,
        metavar="FOLDER",
        help="write sheets: cases missed, false alarms, and some others",
    )
    add("--without-speed", action="store_true", help="do not measure the CPU")
    add("--without-edits", action="store_true", help="only each gate's own clean kinds")
    add("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


def planted_gates(wanted: str) -> Iterator[tuple[ModuleType, ModuleType]]:
    """Gates and their cases."""
    for module in pkgutil.iter_modules(planted.__path__):
        cases = importlib.import_module(f"planted.{module.name}")
        if hasattr(cases, "FAULTS") and (not wanted or module.name in wanted.split(",")):
            yield importlib.import_module(f"qie_batch.gates.{module.name}"), cases


def made(maker: Maker, kind: str, number: int, material: Material) -> Iterator[Case]:
    """The same cases in every run, whatever else is run."""
    for index in range(number):
        yield maker(material, np.random.default_rng((zlib.crc32(kind.encode()), index)))


def measure(gate: ModuleType, cases: ModuleType, material: Material, arguments: argparse.Namespace) -> Tally:
    tally = Tally(gate=gate.NAME)
    sheet = Sheet(arguments.sheet, gate.NAME) if arguments.sheet else None
    clean = cases.CLEAN if arguments.without_edits else {**cases.CLEAN, **edits.CLEAN}
    for fault, kinds in ((True, cases.FAULTS), (False, clean)):
        for kind, maker in kinds.items():
            if arguments.kinds not in kind:
                continue
            for case in made(maker, kind, arguments.number, material):
                finding = judged(gate, case)
                right = tally.add(kind, finding, fault=fault)
                if sheet:
                    sheet.add(case, finding, f"{'fault' if fault else 'clean'}: {kind}", right=right)
            print(tally.line(kind, fault=fault), flush=True)
    if sheet:
        sheet.close()
    return tally


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    cv2.setNumThreads(1)
    material = Material(cache=arguments.cache, packshots=arguments.packshots, side=arguments.side)
    found: dict[str, Any] = {}
    began = time.monotonic()
    pairs = list(planted_gates(arguments.gates))
    for gate, cases in pairs:
        print(f"{gate.NAME}: limit {limit_of(gate)} {gate.UNIT}")
        found[gate.NAME] = measure(gate, cases, material, arguments).figures()
    for name, figures in found.items():
        short = figures["found"] < GOAL_FOUND or figures["false_alarms"] > GOAL_FALSE
        print(
            f"{name:<12}{figures['found']:>8.1%} of {figures['faults']} faults, "
            f"{figures['false_alarms']:>6.1%} false alarms of {figures['clean']}{'  SHORT' if short else ''}"
        )
    if not arguments.without_speed:
        found["cpu_ms_per_megapixel"] = cpu_ms(material)
        print(
            *(f"{name}: {ms:.0f} ms a megapixel" for name, ms in found["cpu_ms_per_megapixel"].items()),
            sep="\n",
        )
    print(f"{time.monotonic() - began:.0f} s")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
