"""Images at web addresses, each fetched once a submission, and only if it has changed since the last one."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, no_room
from qie_batch.interfaces import Version
from qie_batch.keys import fetched_key, input_key, is_web

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import ObjectStore, WebImages
    from qie_batch.steps.submit.image_checks import ImageCheck

#: Bytes of a record at most.
LONGEST_RECORD = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A version of an image, and the hash under which the store has the image."""

    version: Version
    sha256: str

    @classmethod
    def parse(cls, data: bytes) -> Record | None:
        """None for what is no record."""
        try:
            values = json.loads(data)
            record = cls(version=Version(**values["version"]), sha256=values["sha256"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        texts = (record.sha256, *asdict(record.version).values())
        is_whole = all(isinstance(text, str) for text in texts) and _SHA256.fullmatch(record.sha256)
        return record if is_whole else None


class FetchedImages:
    """Keeps the images in a temporary folder that is gone with `close`; used by several threads at a time.

    Every method raises Unavailable when the disk for temporary files is full.
    """

    def __init__(self, web: Callable[[], WebImages], store: ObjectStore) -> None:
        self._connect = web
        self._store = store
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        #: Images that were sent, and those that their server called unchanged.
        self.new = self.unchanged = 0

    def stop(self) -> None:
        """End what waits for a server."""
        if self._opened:
            self._opened.web.close()

    def close(self) -> None:
        """Remove the folder, after every `read` has ended."""
        self.stop()
        if self._opened:
            self._opened.folder.cleanup()

    def read(self, address: str) -> bytes:
        """The bytes; Rejected says why there are none."""
        path = self._path(address)
        try:
            if path.is_file():
                return path.read_bytes()
            known = self._known(address)
            version = self._fetch(address, path, known.version if known else None)
            if known and version is None:
                if (data := self._stored(known)) is not None:
                    self._count(unchanged=1)
                    return data
                version = self._fetch(address, path, None)
            data = path.read_bytes()
            if version and (version.etag or version.last_modified):
                record = Record(version=version, sha256=hashlib.sha256(data).hexdigest())
                path.with_suffix(".json").write_text(json.dumps(asdict(record)))
        except OSError as error:
            raise no_room(error) from error
        self._count(new=1)
        return data

    def upload(self, name: str, data: bytes, check: ImageCheck) -> None:
        """Store an image of the web at once and remove its file; the next attempt finds it there."""
        if not is_web(name):
            return
        self._store.put_new(input_key(check.sha256), data, check.content_type)
        path = self._path(name)
        if record := self.record(name):
            self._store.put(fetched_key(name), record, "application/json")
        for file in (path, path.with_suffix(".json")):
            file.unlink(missing_ok=True)

    def record(self, address: str) -> bytes | None:
        """What is to be stored under the address's key: nothing for an image that has not changed."""
        path = self._path(address).with_suffix(".json")
        return path.read_bytes() if path.is_file() else None

    def _fetch(self, address: str, path: Path, known: Version | None) -> Version | None:
        """The new version, with its bytes at the path; None for the known one."""
        part = path.with_suffix(".part")
        try:
            with part.open("w+b") as file:
                version = self._open().web.fetch(address, file, known)
            if version:
                part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        return version

    def _known(self, address: str) -> Record | None:
        try:
            return Record.parse(self._store.get(fetched_key(address), max_bytes=LONGEST_RECORD))
        except Rejected:
            return None

    def _stored(self, record: Record) -> bytes | None:
        """The image as it was uploaded; None if the store has it no more."""
        try:
            data = self._store.get(input_key(record.sha256))
        except Rejected:
            return None
        return data if hashlib.sha256(data).hexdigest() == record.sha256 else None

    def _path(self, address: str) -> Path:
        return Path(self._open().folder.name) / hashlib.sha256(address.encode()).hexdigest()

    def _open(self) -> _Opened:
        """Made for the first address: most manifests have none."""
        with self._lock:
            if not self._opened:
                web = self._connect()
                try:
                    folder = tempfile.TemporaryDirectory(prefix="qie-fetched-")
                except OSError as error:
                    web.close()
                    raise no_room(error) from error
                self._opened = _Opened(web=web, folder=folder)
            return self._opened

    def _count(self, *, new: int = 0, unchanged: int = 0) -> None:
        with self._lock:
            self.new += new
            self.unchanged += unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    web: WebImages
    folder: tempfile.TemporaryDirectory[str]
