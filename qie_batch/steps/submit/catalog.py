"""The manifest as read once, independent of later writes to the original."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from qie_batch.errors import Rejected, UsageError, no_room
from qie_batch.keys import S3, S3Address
from qie_batch.manifest import MAX_BYTES
from qie_batch.model import InvalidManifest
from qie_batch.steps.submit.files import open_regular
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from qie_batch.interfaces import ObjectReader

#: File systems end at 255.
MAX_NAME_BYTES = 200
#: Bytes copied at a time.
PART = 1 << 20


@contextmanager
def catalog_file(
    address: str, bucket: Callable[[str, Collection[str]], ObjectReader]
) -> Iterator[tuple[Path, str]]:
    """A private copy of the manifest, and where its relative paths start.

    The copy has the original's name as it may be shown. A file that is too long is copied until that shows.
    """
    name, start = (address, address.rpartition("/")[0]) if address.startswith(S3) else _local(address)
    try:
        folder = tempfile.TemporaryDirectory(prefix="qie-catalog-")
    except OSError as error:
        raise no_room(error) from error
    with folder as inside:
        copy = Path(inside) / clean_name(Path(name).name)
        try:
            with copy.open("wb") as file:
                if address.startswith(S3):
                    _fetch(address, file, bucket)
                else:
                    _copy(Path(name), file)
        except OSError as error:
            raise no_room(error) from error
        yield copy, start


def s3_address(text: str) -> S3Address:
    """UsageError unless it is s3://bucket/key."""
    address = S3Address.parse(text)
    if not address:
        raise UsageError(f"{quoted(text, 200)} is no S3 address", hint="write s3://bucket/key")
    return address


def clean_name(name: str) -> str:
    """What of a file's name fits into sentences and the ledger; its end stays, as it tells CSV from JSONL."""
    whole = printable(name, len(name))
    head = whole.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return whole if head == whole else f"{head}…{whole[-8:]}"


def _local(address: str) -> tuple[str, str]:
    path = Path(address).expanduser()
    return str(path), str(path.absolute().parent)


def _fetch(address: str, file: BinaryIO, bucket: Callable[[str, Collection[str]], ObjectReader]) -> None:
    place = s3_address(address)
    try:
        bucket(place.bucket, (place.bucket,)).download(place.key, file, max_bytes=MAX_BYTES)
    except Rejected as error:
        if error.code == "object_missing":
            raise UsageError(
                f"there is no catalog at {quoted(address, 200)}", hint="check the address"
            ) from error
        raise UsageError(f"the catalog cannot be read: {error.message}") from error


def _copy(path: Path, file: BinaryIO) -> None:
    left = MAX_BYTES + 1
    for part in _parts(path):
        file.write(part[:left])
        left -= len(part)
        if left <= 0:
            return


def _parts(path: Path) -> Iterator[bytes]:
    try:
        with open_regular(path) as file:
            while part := file.read(PART):
                yield part
    except OSError as error:
        raise InvalidManifest(
            f"{printable(str(path), 300)} cannot be read: {error.strerror}",
            hint="Name a CSV, TSV, XLSX or JSONL file",
        ) from error
