"""The gates, found by name: each file of this folder that has a `check` is one (see interfaces/gate.py)."""

from __future__ import annotations

import logging
import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Rejected
from qie_batch.gates.evidence import Evidence
from qie_batch.model import EVERY_GATE, Finding, Verdict
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from qie_batch.model import Checks, Edited

log = logging.getLogger(__name__)


def gate_modules() -> dict[str, Any]:
    """The modules of all gates by the gate's name, in the order of names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {module.NAME: module for module in modules if hasattr(module, "check")}


def check_asked(checks: Checks, channels: Collection[str]) -> None:
    """Rejected for a gate that there is not, and for a channel that is none of these."""
    known = gate_modules() if checks.limits else {}
    for name in checks.limits:
        if name != EVERY_GATE and name not in known:
            sentence = f"There is no gate {quoted(name)}: choose {', '.join(known)}"
            raise Rejected(sentence, code="gate_unknown", subject="gates")
    if checks.channel and checks.channel not in channels:
        named = ", ".join(channels)
        sentence = (
            f"There is no channel {quoted(checks.channel)}: choose {named}, or add its file to QIE_CHANNELS"
        )
        raise Rejected(sentence, code="channel_unknown", subject="export_channel")


class InstalledGates:
    """Implements `qie_batch.interfaces.Gates`.

    `limits` are those of the settings, as `Checks.limits`; `channels` has the user's own channels.
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
