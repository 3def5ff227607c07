"""The CPU time of processes with their descendants."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.local.process import ChildProcess

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The pids of the process and its descendants."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [
        pid,
        *(found for path in children for child in path.read_text().split() for found in family(int(child))),
    ]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, with those that ended and were waited for."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def cpu_by_name(processes: Iterable[ChildProcess]) -> dict[str, float]:
    return {child.name: cpu_seconds(child.pid) for child in processes}
