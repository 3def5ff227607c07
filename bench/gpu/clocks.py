"""Seconds on the device, compared so that drift of clocks and temperature cancels out."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One edit, timed on the device where there is one."""

    #: From the call to the image in host memory.
    seconds: float
    #: Of each step after the first, which also has what comes before it.
    steps: tuple[float, ...]
    #: Seconds by phase, where the engine says them.
    phases: dict[str, float]
    #: The result's pixels (height, width, 3), 8 bits.
    pixels: Any
    #: What the engine says that it ran.
    ran: dict[str, Any] = field(default_factory=dict)


class StepClock:
    """Marks the end of each step in the order of the work that was given to the device."""

    def __init__(self, device: str) -> None:
        self._cuda = device == "cuda"
        self._marks: list[Any] = []

    def mark(self, _step: int) -> None:
        if self._cuda:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            self._marks.append(event)
        else:
            self._marks.append(time.perf_counter())

    def seconds(self) -> tuple[float, ...]:
        if self._cuda:
            torch.cuda.synchronize()
        pairs = zip(self._marks, self._marks[1:], strict=False)
        return tuple(a.elapsed_time(b) / 1000 if self._cuda else b - a for a, b in pairs)


@dataclass(slots=True)
class Side:
    """Runs of one of two things that are compared."""

    runs: list[Run] = field(default_factory=list)

    def median(self, figure: Callable[[Run], float]) -> float:
        return statistics.median(map(figure, self.runs))

    @property
    def seconds(self) -> float:
        return self.median(lambda run: run.seconds)

    @property
    def step(self) -> float:
        """Median of all steps of all runs."""
        return statistics.median(step for run in self.runs for step in run.steps)

    def phase(self, name: str) -> float:
        return self.median(lambda run: run.phases.get(name, 0.0))

    @property
    def spread(self) -> float:
        """Relative distance of the slowest run from the fastest: the noise of the comparison."""
        seconds = [run.seconds for run in self.runs]
        return (max(seconds) - min(seconds)) / min(seconds)


def alternate(a: Callable[[], Run], b: Callable[[], Run], rounds: int = 1) -> tuple[Side, Side]:
    """A-B-B-A, after one run of each that does not count."""
    sides = Side(), Side()
    a()
    b()
    for side, run in ((sides[0], a), (sides[1], b), (sides[1], b), (sides[0], a)) * rounds:
        side.runs.append(run())
    return sides


def difference(a: Run, b: Run) -> dict[str, float]:
    """Of the pixels, in levels of 255."""
    apart = (a.pixels.astype(float) - b.pixels.astype(float)).__abs__()
    return {"max_levels": float(apart.max()), "mean_levels": float(apart.mean())}
