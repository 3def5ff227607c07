"""CPU of all gates together, and of each alone, single-threaded, a megapixel."""

from __future__ import annotations

import importlib
import pkgutil
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

import qie_batch.gates
from planted.edits import ADJUSTMENTS, BACKGROUNDS, by_engine, new_scene
from planted.judging import limit_of
from planted.material import Material

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from planted.cases import Case

#: Pixels of the longer side, and cases of each.
_SIDES, _CASES = (1024, 2048), 6


def cpu_ms(material: Material) -> dict[str, float]:
    gates = sorted(_gates(), key=lambda gate: gate.NAME)
    found: dict[str, float] = {}
    for side in _SIDES:
        cases = list(_cases(Material(cache=material.cache, packshots=material.packshots, side=side)))
        found[f"together at {side} px"] = _median_ms(gates, cases)
        for gate in gates:
            found[f"{gate.NAME} alone at {side} px"] = _median_ms([gate], cases)
    return found


def _gates() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(qie_batch.gates.__path__):
        gate = importlib.import_module(f"qie_batch.gates.{module.name}")
        if hasattr(gate, "NAME") and hasattr(gate, "check"):
            yield gate


def _cases(material: Material) -> Iterator[Case]:
    makers = (by_engine(ADJUSTMENTS, scenes=False), by_engine(BACKGROUNDS, scenes=True), new_scene)
    for number in range(_CASES):
        yield makers[number % len(makers)](material, np.random.default_rng(number))


def _median_ms(gates: Sequence[ModuleType], cases: Sequence[Case]) -> float:
    """An evidence of its own for each case, so that what gates share is computed and counted once."""
    spent = []
    for case in cases:
        evidence = case.evidence()
        began = time.process_time()
        for gate in gates:
            gate.check(evidence, limit_of(gate))
        megapixels = case.after.shape[0] * case.after.shape[1] / 1e6
        spent.append(1000 * (time.process_time() - began) / megapixels)
    return round(statistics.median(spent), 1)
