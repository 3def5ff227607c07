"""Where the time of a job's attempts went."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from qie_batch.model.attempts import ON_DEVICE
from qie_batch.model.events import PHASES, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qie_batch.model.attempts import Usage

PAINT = PHASES[Stage.ENTERED]
#: Of an engine that tells its phases, the seconds on the device in none of them.
REST = f"{ON_DEVICE}rest"
_WITHIN = [f"{ON_DEVICE}{name}" for name in ("prompt", "vae", "steps", "decode")]
_HOST = list(dict.fromkeys(PHASES.values()))
_AT = _HOST.index(PAINT) + 1
#: All phases in the order of an attempt, those within the engine behind the whole time on the device.
ORDER = (*_HOST[:_AT], *_WITHIN, *_HOST[_AT:])


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTiming:
    #: One of PHASES, or ON_DEVICE and a name that the engine gave to a part of its time on the device.
    name: str
    #: Attempts that had this phase.
    attempts: int
    seconds: float
    #: Of the seconds of all phases, those within the engine not counted twice.
    share: float
    #: Half of the attempts needed no more seconds than the first, 95 of 100 no more than the second.
    median: float
    p95: float

    @property
    def is_within(self) -> bool:
        """Whether the phase is a part of the time on the device."""
        return self.name.startswith(ON_DEVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTiming:
    """Of the ended attempts of a job, or of as many of its items as were read."""

    attempts: int
    #: Items of the job, and those whose attempts were read.
    items: int
    items_read: int
    #: In the order of an attempt.
    phases: tuple[PhaseTiming, ...]

    @classmethod
    def of(cls, usages: Sequence[Usage], *, items: int, items_read: int) -> Self:
        found: dict[str, list[float]] = defaultdict(list)
        for usage in usages:
            for name, seconds in _phases(usage).items():
                found[name].append(seconds)
        whole = math.fsum(
            second for name, seconds in found.items() if not name.startswith(ON_DEVICE) for second in seconds
        )
        return cls(
            attempts=len(usages),
            items=items,
            items_read=items_read,
            phases=tuple(_timing(name, found[name], whole) for name in _in_order(found)),
        )


def _phases(usage: Usage) -> Mapping[str, float]:
    phases = dict(usage.phases)
    within = math.fsum(seconds for name, seconds in phases.items() if name.startswith(ON_DEVICE))
    if usage.seconds:
        phases[PAINT] = usage.seconds
    if within:
        phases[REST] = max(0.0, usage.seconds - within)
    return phases


def _in_order(names: Iterable[str]) -> list[str]:
    """What an engine calls in its own way comes behind what is known of the device, the rest last."""

    def place(name: str) -> tuple[float, bool, str]:
        known = name in ORDER
        behind = len(_HOST[:_AT]) + len(_WITHIN) - 0.5
        return (ORDER.index(name) if known else behind, name == REST, "" if known else name)

    return sorted(names, key=place)


def _timing(name: str, seconds: list[float], whole: float) -> PhaseTiming:
    ordered, total = sorted(seconds), math.fsum(seconds)
    return PhaseTiming(
        name=name,
        attempts=len(ordered),
        seconds=total,
        share=total / whole if whole else 0.0,
        median=_quantile(ordered, 0.5),
        p95=_quantile(ordered, 0.95),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The least value that this share of all does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]
