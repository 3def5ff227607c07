"""The catalog as every look at it finds it, whoever writes to the original meanwhile."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.manifest import MAX_BYTES
from qie_batch.model import InvalidManifest
from qie_batch.steps.submit.files import no_room, open_regular
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: File systems end at 255.
MAX_NAME_BYTES = 200


def read_catalog(path: Path) -> bytes:
    """The bytes of a file that a user named: not all of them, but too many, if it is too long."""
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidManifest(
            f"{printable(str(path), 300)} cannot be read: {error.strerror}",
            hint="Name a CSV, TSV or JSONL file",
        ) from error


@contextmanager
def private_copy(name: str, data: bytes) -> Iterator[Path]:
    """A file with these bytes that nobody else writes to, under the name as it may be shown."""
    with ExitStack() as undo:
        try:
            folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="qie-catalog-"))
            path = Path(folder) / clean_name(name)
            path.write_bytes(data)
        except OSError as error:
            raise no_room(error) from error
        yield path


def clean_name(name: str) -> str:
    """What of a file's name fits into sentences and the ledger; its end stays, as it tells CSV from JSONL."""
    whole = printable(name, len(name))
    head = whole.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return whole if head == whole else f"{head}…{whole[-8:]}"
