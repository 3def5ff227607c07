"""In which order pending items are queued; a pure rule, so that it can be simulated."""

from __future__ import annotations


def turn(priority: int, position: int, created_at: float) -> tuple[int, int, float]:
    """Sort key of a candidate: higher priority first, then jobs in turn, the older job before the newer.

    `position` counts the candidates of its job, from the number of its items that are in flight.
    """
    return priority, position, created_at
