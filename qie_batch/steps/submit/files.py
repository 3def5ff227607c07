"""Files on this machine: those that a user names, and room for our own temporary ones."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from qie_batch.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path


def open_regular(path: Path) -> BinaryIO:
    """Open it for reading; OSError, too, for a pipe, which may never end, and for a device."""
    # Without O_NONBLOCK a pipe is not open before somebody writes to it.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    return file


def no_room(error: Exception) -> Unavailable:
    """For whatever is raised when a temporary file cannot be made or grow."""
    return Unavailable(
        f"no temporary file can be written ({getattr(error, 'strerror', None) or error})",
        code="no_room",
        hint="make room on its disk, or name another folder in the variable TMPDIR",
    )
