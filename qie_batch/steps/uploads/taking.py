"""Sent files go into the store, one by one: neither the request nor a ZIP file is ever in memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from qie_batch.errors import UsageError, no_room
from qie_batch.keys import upload_prefix
from qie_batch.manifest import MAX_BYTES
from qie_batch.steps.uploads.archive import open_archive
from qie_batch.steps.uploads.names import clean_name, is_archive, is_ignored, is_manifest
from qie_batch.steps.uploads.upload import Upload, UploadedFile, new_upload_id, write_index
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase

    from qie_batch.interfaces import ObjectStore
    from qie_batch.steps.uploads.archive import Archive, Entry
    from qie_batch.steps.uploads.upload import SentFile

#: Files that are sent to the store at a time; twice as many wait in memory or on disk.
AT_A_TIME = 4
#: Bytes of an unpacked file in memory; a longer one is in a temporary file.
IN_MEMORY = 1 << 20
PART = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    max_files: int
    #: Of all files together, unpacked.
    max_bytes: int
    #: Of one image.
    max_image_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeContext:
    store: ObjectStore
    limits: UploadLimits
    #: Seconds since 1970.
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unpacked:
    name: str
    size: int
    #: None for one too large to be kept.
    file: BufferedIOBase | None


def take(sent: Iterable[SentFile], owner: str, context: TakeContext, upload_id: str = "") -> Upload:
    """Store the files, those of ZIP files unpacked. UsageError for what may not be stored.

    Repeated with the same id, this is harmless. What was stored before an error is deleted a day later.
    """
    upload_id = upload_id or new_upload_id()
    prefix = upload_prefix(owner, upload_id)
    unpacking = _Unpacking(context.limits)
    coming: deque[tuple[str, Future[UploadedFile]]] = deque()
    files: dict[str, UploadedFile] = {}
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="upload") as pool:
        for number, unpacked in enumerate(unpacking.files(sent)):
            putting = pool.submit(put, context.store, f"{prefix}{number}", unpacked.file, unpacked.size)
            coming.append((unpacked.name, putting))
            if len(coming) >= AT_A_TIME * 2:
                name, done = coming.popleft()
                files[name] = done.result()
        files.update((name, done.result()) for name, done in coming)
    if not files:
        raise UsageError("no files were sent", code="upload_empty", hint="send a catalog and its pictures")
    upload = Upload(id=upload_id, owner=owner, created_at=context.now, files=files, ignored=unpacking.ignored)
    write_index(upload, context.store)
    return upload


def put(store: ObjectStore, key: str, file: BufferedIOBase | None, size: int) -> UploadedFile:
    """Store one file."""
    if file is None:
        return UploadedFile(key="", size=size, sha256="")
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    # Replaced, since an upload that is repeated may have other bytes under the same number.
    store.put(key, file, "application/octet-stream")
    return UploadedFile(key=key, size=size, sha256=sha256)


class _Unpacking:
    def __init__(self, limits: UploadLimits) -> None:
        self._limits = limits
        self._names: set[str] = set()
        self._bytes = 0
        self.ignored = 0

    def files(self, sent: Iterable[SentFile]) -> Iterator[_Unpacked]:
        """Each file under a name of its own."""
        for each in sent:
            if is_archive(each.name):
                yield from self._archived(each)
            elif is_ignored(each.name.replace("\\", "/")):
                self.ignored += 1
            else:
                name, size = clean_name(each.name), each.file.seek(0, 2)
                self._count(name, size)
                yield _Unpacked(name=name, size=size, file=each.file if self._is_kept(name, size) else None)

    def _archived(self, sent: SentFile) -> Iterator[_Unpacked]:
        limits = self._limits
        with open_archive(
            sent.file, quoted(sent.name), max_files=limits.max_files, max_bytes=limits.max_bytes
        ) as archive:
            self.ignored += archive.ignored
            for entry in archive.entries:
                self._count(entry.name, entry.size)
                file = _unpacked(archive, entry) if self._is_kept(entry.name, entry.size) else None
                yield _Unpacked(name=entry.name, size=entry.size, file=file)

    def _is_kept(self, name: str, size: int) -> bool:
        return size <= (MAX_BYTES if is_manifest(name) else self._limits.max_image_bytes)

    def _count(self, name: str, size: int) -> None:
        if name in self._names:
            raise UsageError(
                f"the file {quoted(name, 200)} was sent twice", code="upload_doubled", hint="leave one out"
            )
        self._names.add(name)
        self._bytes += size
        limits = self._limits
        if len(self._names) > limits.max_files:
            raise UsageError(
                f"more than {limits.max_files:,} files were sent", code="upload_too_many", hint="split them"
            )
        if self._bytes > limits.max_bytes:
            raise UsageError(
                f"the files have more than {limits.max_bytes:,} bytes",
                code="upload_too_large",
                hint="split them",
            )


def _unpacked(archive: Archive, entry: Entry) -> BufferedIOBase:
    """A temporary file, which is gone when nothing refers to it."""
    try:
        file = tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="qie-upload-")  # noqa: SIM115 - see above
        with archive.open(entry) as stream:
            while part := stream.read(PART):
                file.write(part)
    except OSError as error:
        raise no_room(error) from error
    return cast("BufferedIOBase", file)
