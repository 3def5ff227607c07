"""Where an export goes: a folder, a ZIP file, or a prefix of a bucket."""

from __future__ import annotations

import hashlib
import tempfile
import time
import zipfile
from contextlib import ExitStack
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Protocol, Self, cast

from qie_batch.errors import Conflict, Rejected
from qie_batch.steps.collect import replaced

if TYPE_CHECKING:
    from io import BufferedIOBase
    from pathlib import Path
    from types import TracebackType

    from qie_batch.interfaces import ObjectStore


class Destination(Protocol):
    """Files by name; what is not written stays as it was. A context: some write all at its end.

    OSError where the disk does not take a file, StoreUnavailable where the store does not.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def read(self, name: str) -> bytes | None:
        """None where there is no such file."""

    def holds(self, name: str, size: int, sha256: str) -> bool:
        """Whether there is a file with these bytes, as far as that can be told without a download."""

    def write(self, name: str, data: bytes | IO[bytes], content_type: str) -> None:
        """Create or replace the file as a whole."""

    def address(self, name: str) -> str:
        """By which a feed names the file."""


class FolderDestination:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Each file is written at once."""

    def read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.is_file() else None

    def holds(self, name: str, size: int, sha256: str) -> bool:
        path = self._folder / name
        if not path.is_file() or path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def write(self, name: str, data: bytes | IO[bytes], content_type: str) -> None:  # noqa: ARG002
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(path) as file:
            _copy(data, file)

    def address(self, name: str) -> str:
        return name


class ArchiveDestination:
    """Made anew beside the old file where anything is written, and renamed at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._old: zipfile.ZipFile | None = None
        self._new: zipfile.ZipFile | None = None
        self._written: set[str] = set()

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            try:
                self._old = self._stack.enter_context(zipfile.ZipFile(self._path))
            except zipfile.BadZipFile as error:
                raise Conflict(
                    f"{self._path} is there and is no ZIP file", code="export_taken", hint="give another name"
                ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The old file stays where an error ends the export, or nothing was written."""
        try:
            if kind is None and self._new:
                self._keep_others(self._new)
        except BaseException as failure:
            self._stack.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._stack.__exit__(kind, error, trace)

    def read(self, name: str) -> bytes | None:
        if not self._old or name not in self._old.NameToInfo:
            return None
        return self._old.read(name)

    def holds(self, name: str, size: int, sha256: str) -> bool:
        if not self._old or name not in self._old.NameToInfo or self._old.getinfo(name).file_size != size:
            return False
        try:
            with self._old.open(name) as file:
                return hashlib.file_digest(cast("BufferedIOBase", file), "sha256").hexdigest() == sha256
        except zipfile.BadZipFile:  # a damaged entry, which is written again
            return False

    def write(self, name: str, data: bytes | IO[bytes], content_type: str) -> None:  # noqa: ARG002
        if self._new is None:
            file = self._stack.enter_context(replaced(self._path))
            self._new = self._stack.enter_context(zipfile.ZipFile(file, "w"))
        entry = zipfile.ZipInfo(name, time.gmtime()[:6])
        entry.external_attr = 0o644 << 16
        with self._new.open(entry, "w", force_zip64=not isinstance(data, bytes)) as target:
            _copy(data, target)
        self._written.add(name)

    def address(self, name: str) -> str:
        return name

    def _keep_others(self, new: zipfile.ZipFile) -> None:
        for info in self._old.infolist() if self._old else ():
            if info.filename not in self._written and self._old:
                with self._old.open(info) as source, new.open(info, "w", force_zip64=True) as target:
                    copyfileobj(source, target)


class BucketDestination:
    def __init__(self, store: ObjectStore, prefix: str) -> None:
        """`prefix` ends in a slash, or is ""."""
        self._store = store
        self._prefix = prefix
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._sizes = {stored.key: stored.size for stored in self._store.list(self._prefix)}
        return self

    def __exit__(self, *_: object) -> None:
        """Each object is written at once."""

    def read(self, name: str) -> bytes | None:
        if self._prefix + name not in self._sizes:
            return None
        try:
            return self._store.get(self._prefix + name)
        except Rejected:  # deleted meanwhile
            return None

    def holds(self, name: str, size: int, sha256: str) -> bool:  # noqa: ARG002 - the store lists no hash
        return self._sizes.get(self._prefix + name) == size

    def write(self, name: str, data: bytes | IO[bytes], content_type: str) -> None:
        self._store.put(self._prefix + name, cast("bytes | BufferedIOBase", data), content_type)

    def address(self, name: str) -> str:
        return self._store.address(self._prefix + name)


def _copy(data: bytes | IO[bytes], file: IO[bytes]) -> None:
    if isinstance(data, bytes):
        file.write(data)
    else:
        data.seek(0)
        copyfileobj(data, file)


def unwritten() -> IO[bytes]:
    """A temporary file for what is compared before it is written."""
    return cast("IO[bytes]", tempfile.TemporaryFile(prefix="qie-export-"))
