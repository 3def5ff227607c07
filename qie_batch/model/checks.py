"""What is asked of the result of an edit, and what the gates found."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Error code of an attempt whose result a gate failed.
GATE_FAILED = "gate_failed"
#: In the place of a gate's name: all gates.
EVERY_GATE = "*"


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    #: The gate applies and could not look, such as one whose package is not installed.
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is asked of the result beside what decides its pixels; never part of a cache key."""

    #: Texts that must be readable on the result; without any, those that the instruction asks for.
    expect_text: tuple[str, ...] = ()
    #: A name or #rrggbb of the edited region; "" takes the colour that the instruction asks for.
    expect_color: str = ""
    #: The channel whose rules the result must meet, "" for none.
    channel: str = ""
    #: By gate, or EVERY_GATE: the limit in the place of the setting's; None switches the gate off.
    limits: Mapping[str, float | None] = field(default_factory=dict)
    #: How often a result that a gate failed is made again, each time with the next seed.
    rerolls: int = 0

    @property
    def text(self) -> str:
        """As JSON, without what is not asked; "" where nothing is."""
        asked = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(asked, separators=(",", ":"), ensure_ascii=False) if asked else ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `text`."""
        if not text:
            return cls()
        return cls.of(json.loads(text))

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Of the fields as JSON has them."""
        return cls(**{**fields, "expect_text": tuple(fields.get("expect_text", ()))})


#: Nothing is asked but what the settings say.
NO_CHECKS = Checks()
#: No gate looks at the result: no person would review it.
UNLOOKED = Checks(limits={EVERY_GATE: None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one gate found on one result."""

    gate: str
    verdict: Verdict
    #: In the gate's unit; None where nothing was measured.
    figure: float | None = None
    #: What the figure was held to.
    limit: float | None = None
    #: For people: what is wrong; "" where the gate passed.
    sentence: str = ""
    #: Of figure and limit, "" for a share.
    unit: str = ""

    @property
    def excess(self) -> float:
        """How far the figure of a failed gate is from its limit, in limits, so that gates are comparable."""
        if self.verdict is not Verdict.FAILED:
            return 0.0
        if self.figure is None or not self.limit:
            return 1.0
        return min(10.0, abs(self.figure - self.limit) / abs(self.limit))


def failed_gates(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(finding.gate for finding in findings if finding.verdict is Verdict.FAILED)


def severity(findings: Iterable[Finding]) -> tuple[int, float]:
    """Of two results, the better one has the smaller value: fewer failed gates, then less excess."""
    excesses = [finding.excess for finding in findings if finding.verdict is Verdict.FAILED]
    return len(excesses), math.fsum(excesses)


def findings_text(findings: Iterable[Finding]) -> str:
    """As JSON; "[]" for none."""
    return json.dumps([_values(each) for each in findings], separators=(",", ":"), ensure_ascii=False)


def parsed_findings(text: str) -> tuple[Finding, ...]:
    """The inverse of `findings_text`."""
    return tuple(
        Finding(gate=gate, verdict=Verdict(verdict), figure=figure, limit=limit, sentence=sentence, unit=unit)
        for gate, verdict, figure, limit, sentence, unit in json.loads(text or "[]")
    )


def _values(finding: Finding) -> list[Any]:
    rounded = [None if each is None else float(f"{each:.4g}") for each in (finding.figure, finding.limit)]
    return [finding.gate, finding.verdict, *rounded, finding.sentence, finding.unit]
