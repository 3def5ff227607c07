"""Seconds of the phases of an edit on its device, without waiting for the device between them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    #: An event on the device, or the time on the host.
    Mark: TypeAlias = Callable[[], float] | torch.cuda.Event


class PhaseClock:
    """Marks where phases end; the seconds are read once the device has finished."""

    def __init__(self, *, on_cuda: bool) -> None:
        self._on_cuda = on_cuda
        self._marks: list[tuple[str, Mark]] = []
        self.end("")

    def end(self, phase: str) -> None:
        """The phase ends here, in the order of the work given to the device."""
        if self._on_cuda:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            self._marks.append((phase, event))
        else:
            now = time.perf_counter()
            self._marks.append((phase, lambda: now))

    def seconds(self) -> dict[str, float]:
        """By phase; waits for the device."""
        if self._on_cuda:
            torch.cuda.synchronize()
        found: dict[str, float] = {}
        for (_, before), (phase, after) in zip(self._marks, self._marks[1:], strict=False):
            found[phase] = found.get(phase, 0.0) + _between(before, after)
        return found


def _between(before: Mark, after: Mark) -> float:
    if isinstance(before, torch.cuda.Event):
        assert isinstance(after, torch.cuda.Event)
        return float(before.elapsed_time(after)) / 1000
    assert not isinstance(after, torch.cuda.Event)
    return after() - before()
