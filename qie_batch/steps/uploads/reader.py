"""The files of uploads by the names that rows give them, under the upload's prefix of the store."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from qie_batch.errors import NotFound, Rejected
from qie_batch.keys import UPLOADS, S3Address, input_key, uploads_of
from qie_batch.steps.uploads.matching import Matcher
from qie_batch.steps.uploads.upload import find

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore
    from qie_batch.steps.uploads.upload import Upload, UploadedFile

#: Uploads whose names are kept in memory: an errors.csv may name images of several.
KEPT = 4


class _Known(NamedTuple):
    upload: Upload
    matcher: Matcher


class Uploads:
    """Implements `qie_batch.interfaces.ObjectReader` for the uploads of one owner, and for nothing else.

    Keys are `prefix of the upload` + `name of the file`, as a row writes the name.
    """

    def __init__(self, store: ObjectStore, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        file = self._file(key)
        _check_size(file, max_bytes)
        try:
            return self._store.get(file.key, max_bytes=max_bytes)
        except Rejected as error:
            if error.code != "object_missing":
                raise
            # The upload ended, and an earlier job has the image.
            return self._store.get(input_key(file.sha256), max_bytes=max_bytes)

    def download(self, key: str, file: BinaryIO, *, max_bytes: int | None = None) -> None:
        found = self._file(key)
        _check_size(found, max_bytes)
        self._store.download(found.key, file, max_bytes=max_bytes)

    def has(self, folder: str, name: str) -> bool:
        """Whether there is a file of this name in the folder, an s3:// prefix, to the letter."""
        try:
            upload_id, path = self._split(S3Address.split(f"{folder}/{name}").key)
            return path in self._open(upload_id).upload.files
        except Rejected:
            return False

    def by_name(self) -> int:
        """How many files were taken by their last name alone, as rows name folders that were not sent."""
        with self._lock:
            return sum(len(known.matcher.by_name) for known in self._known.values())

    def _file(self, key: str) -> UploadedFile:
        upload_id, path = self._split(key)
        known = self._open(upload_id)
        with self._lock:
            name = known.matcher.find(path)
            advice = "" if name else known.matcher.advice(path)
        if not name:
            raise Rejected(f"there is no such file in the upload; {advice}", code="image_missing")
        return known.upload.files[name]

    def _split(self, key: str) -> tuple[str, str]:
        own = uploads_of(self._owner)
        if not key.startswith(own):
            raise Rejected(
                "a job of the gateway reads nothing of this bucket but its uploads: send the picture",
                code="image_address",
            )
        upload_id, _, path = key.removeprefix(own).partition("/")
        return upload_id, path

    def _open(self, upload_id: str) -> _Known:
        with self._lock:
            if upload_id not in self._known:
                try:
                    upload = find(self._store, self._owner, upload_id)
                except NotFound as error:
                    raise Rejected(
                        f"the upload {upload_id!r} is not there any more: send the picture again",
                        code="image_missing",
                    ) from error
                self._known[upload_id] = _Known(upload, Matcher(upload.files))
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(upload_id)
            return self._known[upload_id]


def address_of(upload: Upload, name: str, store: ObjectStore) -> str:
    """The s3:// address by which a file of the upload is submitted."""
    return store.address(f"{upload.prefix}{name}")


def is_upload(address: str) -> bool:
    """Whether the s3:// address is that of an uploaded file."""
    return S3Address.split(address).key.startswith(UPLOADS)


def _check_size(file: UploadedFile, max_bytes: int | None) -> None:
    if not file.key or (max_bytes is not None and file.size > max_bytes):
        allowed = f"; {max_bytes:,} are allowed" if max_bytes is not None else ""
        raise Rejected(f"the file has {file.size:,} bytes{allowed}: make it smaller", code="image_too_large")
