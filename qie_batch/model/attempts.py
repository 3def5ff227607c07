"""Messages, workers, attempts and their usage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from qie_batch.model.checks import NO_CHECKS, Checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qie_batch.model.edits import EditSpec
    from qie_batch.model.states import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the queue carries: the item id. Row id and job name are shown to people who watch the queue."""

    item_id: str
    row_id: str
    job_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Micro-dollars for a device hour and for a returned image."""

    hour_micros: int = 0
    image_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an attempt used so far; every figure only increases."""

    #: Seconds on the device.
    seconds: float = 0.0
    #: Images that the engine returned.
    images: int = 0
    #: Seconds of each phase that has ended, that on the device left out, and of each within the engine.
    phases: Mapping[str, float] = field(default_factory=dict)


#: Begins the names of the phases within the engine.
ON_DEVICE = "paint."


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker process and the device of its engine."""

    name: str
    engine: str
    #: The name that the driver reports, such as "NVIDIA H100 80GB HBM3", or "cpu".
    device: str
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A result that a gate failed, kept in case no later one is better."""

    #: Canonical JSON of its EditSpec.
    spec_text: str
    cache_key: str
    #: As `severity`.
    severity: tuple[int, float]

    @classmethod
    def parse(cls, text: str) -> tuple[Self, ...]:
        """The inverse of `candidates_text`."""
        if not text:
            return ()
        return tuple(
            cls(spec_text=spec, cache_key=key, severity=(failed, excess))
            for spec, key, failed, excess in json.loads(text)
        )


def candidates_text(candidates: Iterable[Candidate]) -> str:
    """As JSON; "" for none."""
    values = [[each.spec_text, each.cache_key, *each.severity] for each in candidates]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False) if values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The numbered right to run one item; only the attempt with the item's latest number may write."""

    item_id: str
    number: int
    row_id: str
    spec: EditSpec
    rate: Rate
    priority: Priority
    #: Temporary errors and crashes charged to the item so far.
    errors: int
    crashes: int
    #: An earlier attempt did not fit the device's memory: the engine should use less, at the cost of time.
    low_memory: bool = False
    #: Seconds from when the item could run to the claim, by the database's clock.
    waited_seconds: float = 0.0
    #: Of the job: the W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""
    checks: Checks = NO_CHECKS
    #: The results that gates failed before this attempt, made with other seeds.
    candidates: tuple[Candidate, ...] = ()
