"""A ZIP file from outside, read entry by entry."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from qie_batch.errors import UsageError
from qie_batch.steps.uploads.names import clean_name, is_ignored
from qie_batch.steps.uploads.zip_names import names_of
from qie_batch.text import many, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedIOBase

#: Bytes of the ZIP file's directory that are held in memory: about 50,000 entries.
MAX_DIRECTORY = 8_000_000
#: A ZIP file unpacks to at most this many times its size, beyond the first FREE bytes.
MAX_RATIO, FREE = 100, 100_000_000

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    OverflowError,
    NotImplementedError,  # a newer ZIP version
    RuntimeError,  # an encrypted entry
    UnicodeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    #: Relative path, cleaned.
    name: str
    #: Bytes as unpacked: reading stops there.
    size: int
    info: zipfile.ZipInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    name: str
    entries: tuple[Entry, ...]
    #: Files that operating systems add.
    ignored: int
    _zip: zipfile.ZipFile

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        with _translated(self.name), self._zip.open(entry.info) as stream:
            yield stream


@contextmanager
def open_archive(file: BufferedIOBase, name: str, *, max_files: int, max_bytes: int) -> Iterator[Archive]:
    """UsageError for a file that is no ZIP file, is damaged, or holds what no catalog needs."""
    with ExitStack() as stack:
        size = file.seek(0, 2)
        with _translated(name):
            opened = stack.enter_context(zipfile.ZipFile(cast("IO[bytes]", _Bounded(file))))
            infos = [info for info in opened.infolist() if not info.is_dir()]
        if len(infos) > max_files:
            raise _refused(
                name, f"holds {len(infos):,} files; {max_files:,} are allowed", "upload_too_many", "split it"
            )
        entries = tuple(_entries(name, infos))
        _check_sizes(name, entries, size, max_bytes)
        yield Archive(name=name, entries=entries, ignored=len(infos) - len(entries), _zip=opened)


def _entries(name: str, infos: list[zipfile.ZipInfo]) -> Iterator[Entry]:
    for info, found in zip(infos, names_of(infos), strict=True):
        if found.endswith("\\") or is_ignored(found.replace("\\", "/")):
            continue
        _check_kind(name, info, found)
        yield Entry(name=clean_name(found), size=info.file_size, info=info)


class _Bounded:
    """Keeps a directory without end out of memory."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(MAX_DIRECTORY + 1 if size < 0 or size > MAX_DIRECTORY else size)
        if len(data) > MAX_DIRECTORY:
            raise zipfile.BadZipFile("its directory is too long")
        return data

    def close(self) -> None:
        """Leave the file open, which is its owner's."""


def _check_kind(name: str, info: zipfile.ZipInfo, found: str) -> None:
    mode = info.external_attr >> 16
    if info.flag_bits & 0x1:
        raise _refused(
            name, f"is protected by a password ({quoted(found, 200)})", "zip_encrypted", "pack it without one"
        )
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _refused(
            name, f"holds a link or a device, {quoted(found, 200)}", "zip_link", "pack the file itself"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(
            name,
            f"packs {quoted(found, 200)} by a method that is not read (number {info.compress_type})",
            "zip_method",
            "pack it as an ordinary ZIP file",
        )


def _check_sizes(name: str, entries: Sequence[Entry], packed: int, max_bytes: int) -> None:
    total = sum(entry.size for entry in entries)
    if total > max_bytes:
        raise _refused(
            name, f"unpacks to {total:,} bytes; {max_bytes:,} are allowed", "upload_too_large", "split it"
        )
    if total > FREE + packed * MAX_RATIO:
        raise _refused(
            name,
            f"of {packed:,} bytes unpacks to {many(total, 'byte')}, which no pictures do",
            "zip_bomb",
            "pack the pictures again",
        )


def _refused(name: str, why: str, code: str, hint: str) -> UsageError:
    return UsageError(f"{name} {why}", code=code, hint=hint)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """What zipfile raises for a damaged file becomes UsageError."""
    try:
        yield
    except _BROKEN as error:
        why = str(error)[:200] or type(error).__name__
        raise UsageError(
            f"{name} is no whole ZIP file ({why})", code="zip_broken", hint="pack it again and send it again"
        ) from error
