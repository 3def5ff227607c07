"""The gates, found by name: each file of this folder that has a `check` is one (see interfaces/gate.py)."""

from __future__ import annotations

import logging
import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qie_batch.gates.evidence import Evidence
from qie_batch.model import EVERY_GATE, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qie_batch.model import Checks, Edited

log = logging.getLogger(__name__)


def gate_modules() -> dict[str, Any]:
    """The modules of all gates by the gate's name, in the order of names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {module.NAME: module for module in modules if hasattr(module, "check")}


class InstalledGates:
    """Implements `qie_batch.interfaces.Gates`. `limits` are those of the settings, as `Checks.limits`.

    `channels` is the file or folder of channels that the user has.
    """

    def __init__(self, limits: Mapping[str, float | None], channels: Path | None = None) -> None:
        self._channels = channels
        self._modules = gate_modules()
        self._limits = {name: _limit(name, limits, gate.LIMIT) for name, gate in self._modules.items()}

    def inspect(self, edited: Edited, checks: Checks) -> tuple[Finding, ...]:
        limits = {name: _limit(name, checks.limits, limit) for name, limit in self._limits.items()}
        wanted = {name: limit for name, limit in limits.items() if limit is not None}
        if not wanted:
            return ()
        evidence = Evidence(edited, checks, self._channels)
        found = (_checked(self._modules[name], evidence, limit) for name, limit in wanted.items())
        return tuple(finding for finding in found if finding)


def _limit(name: str, limits: Mapping[str, float | None], default: float | None) -> float | None:
    return limits.get(name, limits.get(EVERY_GATE, default))


def _checked(gate: Any, evidence: Evidence, limit: float) -> Finding | None:
    try:
        found: Finding | None = gate.check(evidence, limit)
    except Exception:
        # A result is paid for: it is not lost because one look at it failed.
        log.exception("gate %s could not look at a result", gate.NAME)
        return Finding(
            gate=gate.NAME,
            verdict=Verdict.UNCHECKED,
            sentence="the gate ended with an error, which the worker's log has",
        )
    return found and replace(found, unit=gate.UNIT)
