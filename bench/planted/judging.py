"""What a gate says of a case, and how often it is right."""

from __future__ import annotations

import importlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qie_batch.model import Verdict

if TYPE_CHECKING:
    from types import ModuleType

    from planted.cases import Case
    from qie_batch.gates.evidence import Evidence
    from qie_batch.model import Finding


def limit_of(gate: ModuleType) -> float:
    """The gate's own, or for a gate that is off by itself the one that its cases name."""
    if gate.LIMIT is not None:
        return float(gate.LIMIT)
    return float(importlib.import_module(f"planted.{gate.NAME}").TRIED)


def judged(gate: ModuleType, case: Case, evidence: Evidence) -> Finding | None:
    limit = case.checks.limits.get(gate.NAME)
    return gate.check(evidence, limit_of(gate) if limit is None else limit)


@dataclass(kw_only=True)
class Tally:
    gate: str
    #: (kind, whether it is a fault) -> cases; those that failed; those of which the gate did not speak.
    cases: dict[tuple[str, bool], int] = field(default_factory=lambda: defaultdict(int))
    failed: dict[tuple[str, bool], int] = field(default_factory=lambda: defaultdict(int))
    silent: dict[tuple[str, bool], int] = field(default_factory=lambda: defaultdict(int))
    #: The figures that the gate gave.
    values: dict[tuple[str, bool], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, finding: Finding | None, *, fault: bool) -> bool:
        """Whether the gate is right."""
        key = kind, fault
        failed = finding is not None and finding.verdict is Verdict.FAILED
        self.cases[key] += 1
        self.failed[key] += failed
        self.silent[key] += finding is None or finding.verdict is Verdict.UNCHECKED
        if finding is not None and finding.figure is not None:
            self.values[key].append(finding.figure)
        return failed is fault

    def line(self, kind: str, *, fault: bool) -> str:
        key = kind, fault
        values = sorted(self.values[key])
        tenth = len(values) // 10
        spread = f"{values[tenth]:8.2f} {values[-1 - tenth]:8.2f}" if values else " " * 17
        word = "found" if fault else "false"
        share = self.failed[key] / max(1, self.cases[key])
        return f"  {word} {share:6.1%} of {self.cases[key]:4} {self.silent[key]:4} silent {spread}  {kind}"

    def figures(self) -> dict[str, Any]:
        def total(of: dict[tuple[str, bool], int], *, fault: bool) -> int:
            return sum(number for (_kind, planted), number in of.items() if planted is fault)

        faults, clean = total(self.cases, fault=True), total(self.cases, fault=False)
        return {
            "faults": faults,
            "found": total(self.failed, fault=True) / max(1, faults),
            "clean": clean,
            "spoken_of": clean - total(self.silent, fault=False),
            "false_alarms": total(self.failed, fault=False) / max(1, clean),
            "kinds": {
                f"{'fault' if fault else 'clean'}: {kind}": {
                    "cases": number,
                    "failed": self.failed[kind, fault],
                    "silent": self.silent[kind, fault],
                }
                for (kind, fault), number in self.cases.items()
            },
        }
