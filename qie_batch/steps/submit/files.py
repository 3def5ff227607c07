"""Files on this machine: those that a user names, and our own temporary ones."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from errno import EINVAL
from typing import TYPE_CHECKING, BinaryIO

from qie_batch.errors import no_room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path


def open_regular(path: Path) -> BinaryIO:
    """Open it for reading; OSError, too, for a pipe, which may never end, and for a device."""
    # Without O_NONBLOCK opening a pipe waits for a writer.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(EINVAL, "it is a pipe or a device, not a file")
    return file


class Spool:
    """Bytes in a temporary file that is gone with `close`. Raises Unavailable when its disk is full."""

    def __init__(self) -> None:
        try:
            # Without a buffer: a failed write would be tried again, and fail again, when the file is closed.
            self._file = tempfile.TemporaryFile(buffering=0, prefix="qie-spool-")  # noqa: SIM115 - see close
        except OSError as error:
            raise no_room(error) from error

    def close(self) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append all of the data."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise no_room(error) from error

    @contextmanager
    def reader(self) -> Iterator[BufferedReader]:
        """The whole from its start; one reader at a time, and nothing is written meanwhile."""
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as file:
            yield file
