"""The contract of a process with its parent: exit codes, heartbeat, environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Exit code of a process that would fail again after a restart: its settings or weights are wrong.
EXIT_MISCONFIGURED = os.EX_CONFIG
#: Exit code of a process that may succeed after a restart.
EXIT_RESTART = os.EX_TEMPFAIL

#: Names the file descriptor on which a worker process writes its heartbeat; `Settings.heartbeat_fd`.
HEARTBEAT_VARIABLE = "QIE_HEARTBEAT_FD"
#: Seconds between two heartbeats.
HEARTBEAT_SECONDS = 0.5
_HEARTBEAT_BYTES = 8


def write_heartbeat(descriptor: int, count: int) -> None:
    """Overwrite the file with the count, in one system call."""
    os.pwrite(descriptor, count.to_bytes(_HEARTBEAT_BYTES, "little"), 0)


def read_heartbeat(descriptor: int) -> int | None:
    """The count that was written last; None before the first."""
    data = os.pread(descriptor, _HEARTBEAT_BYTES, 0)
    return int.from_bytes(data, "little") if data else None


def clear_heartbeat(descriptor: int) -> None:
    """Empty the file, as before the first heartbeat."""
    os.ftruncate(descriptor, 0)


def child_environment(folder: Path) -> dict[str, str]:
    """The environment in which a child finds the settings of its parent; `folder` is `Settings.dir`."""
    return {**os.environ, "QIE_DIR": str(folder.absolute()), "PYTHONUNBUFFERED": "1"}
