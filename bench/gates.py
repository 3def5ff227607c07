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
from planted.folders import add_folders
from planted.judging import Tally, judged, limit_of
from planted.material import Material
from planted.pages import Sheet
from planted.speed import cpu_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from planted.cases import Case, Kinds, Maker

    from qie_batch.model import Finding

GOAL_FOUND, GOAL_FALSE = 0.95, 0.02
#: There are so many kinds of edits that all gates must pass that each has this part of the number of cases.
EDIT_SHARE = 2


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--gates", default="", metavar="NAME,...", help="all that have a file in planted/ without it")
    add("--kinds", default="", metavar="TEXT", help="only kinds with this in their name")
    add("--number", type=int, default=200, metavar="N", help="cases of each kind")
    add("--side", type=int, default=640, metavar="PX", help="longer side of every case")
    add_folders(parser)
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


class Measuring:
    """Cases made, judged by their gate or by all, counted and shown."""

    def __init__(
        self, gates: Sequence[ModuleType], material: Material, arguments: argparse.Namespace
    ) -> None:
        self.tallies = {gate.NAME: Tally(gate=gate.NAME) for gate in gates}
        self._material, self._arguments = material, arguments
        folder = arguments.sheet
        self._sheets = {gate.NAME: Sheet(folder, gate.NAME) for gate in gates} if folder else {}

    def measure(self, kinds: Kinds, gates: Sequence[ModuleType], number: int, *, fault: bool) -> None:
        """Every gate of `gates` looks at each case, whose evidence is computed once."""
        for kind, maker in kinds.items():
            if self._arguments.kinds not in kind:
                continue
            for case in made(maker, kind, number, self._material):
                evidence = case.evidence()
                for gate in gates:
                    self._count(gate.NAME, case, judged(gate, case, evidence), kind, fault=fault)
            for gate in gates:
                print(f"{gate.NAME:<11} {self.tallies[gate.NAME].line(kind, fault=fault)}", flush=True)

    def _count(self, name: str, case: Case, finding: Finding | None, kind: str, *, fault: bool) -> None:
        right = self.tallies[name].add(kind, finding, fault=fault)
        if name in self._sheets:
            word = "fault" if fault else "clean"
            self._sheets[name].add(case, finding, f"{word}: {kind}", right=right)

    def close(self) -> None:
        for sheet in self._sheets.values():
            sheet.close()


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    cv2.setNumThreads(1)
    material = Material(cache=arguments.cache, packshots=arguments.packshots, side=arguments.side)
    found: dict[str, Any] = {}
    began = time.monotonic()
    pairs = list(planted_gates(arguments.gates))
    gates = [gate for gate, _cases in pairs]
    measuring = Measuring(gates, material, arguments)
    for gate, cases in pairs:
        print(f"{gate.NAME}: limit {limit_of(gate):g} {gate.UNIT}")
        measuring.measure(cases.FAULTS, [gate], arguments.number, fault=True)
        measuring.measure(cases.CLEAN, [gate], arguments.number, fault=False)
    if not arguments.without_edits:
        measuring.measure(edits.CLEAN, gates, -(-arguments.number // EDIT_SHARE), fault=False)
    measuring.close()
    found |= {name: tally.figures() for name, tally in measuring.tallies.items()}
    for name, figures in list(found.items()):
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
