"""Values in a temporary file, by number."""

from __future__ import annotations

import marshal
import tempfile
from array import array
from typing import Any

from qie_batch.errors import no_room


class Blocks:
    """Takes what marshal can write. Raises Unavailable on a full disk."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(prefix="qie-workbook-")  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise no_room(error) from error
        #: Where each value begins in the file, then where the next one will.
        self._starts = array("Q", [0])

    def __del__(self) -> None:
        # A Workbook keeps one of these and is never closed.
        if hasattr(self, "_file"):
            self.close()

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> Any:
        start, end = self._starts[number : number + 2]
        self._file.seek(start)
        return marshal.loads(self._file.read(end - start))  # noqa: S302 - written by append()

    def append(self, value: Any) -> None:
        data = marshal.dumps(value)
        try:
            self._file.seek(self._starts[-1])
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise no_room(error) from error
        self._starts.append(self._starts[-1] + len(data))

    def close(self) -> None:
        self._file.close()
