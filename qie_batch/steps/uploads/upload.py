"""An upload as the store keeps it: numbered objects, and an index that gives each its name."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from qie_batch.errors import NotFound, Rejected
from qie_batch.keys import upload_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedIOBase

    from qie_batch.interfaces import ObjectReader, ObjectStore

#: Seconds after which control deletes an upload that no schedule names.
KEPT_SECONDS = 86_400.0
#: Name of the index, which is written last.
INDEX = "index.json"
#: Bytes of an index that is read.
LONGEST_INDEX = 100_000_000

_ID = re.compile(r"up-[a-z0-9-]{6,64}")
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One file of a request: a ZIP file stands for the files inside."""

    name: str
    #: Seekable; read from its start, and never as a whole.
    file: BufferedIOBase


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    #: Of its object; "" for an image too large to be edited, which is not kept.
    key: str
    size: int
    #: Hex, "" where there is no object.
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    id: str
    owner: str
    created_at: float
    #: By relative path, in Unicode form NFC.
    files: Mapping[str, UploadedFile]
    #: Files that operating systems add, and that were left out.
    ignored: int = 0

    @property
    def prefix(self) -> str:
        return upload_prefix(self.owner, self.id)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.values())


def new_upload_id() -> str:
    return "up-" + "".join(secrets.choice(_LETTERS) for _ in range(16))


def find(store: ObjectReader, owner: str, upload_id: str) -> Upload:
    """NotFound for one that is not the owner's, that ended, or that was never complete."""
    if _ID.fullmatch(upload_id):
        try:
            text = store.get(f"{upload_prefix(owner, upload_id)}{INDEX}", max_bytes=LONGEST_INDEX)
            return _upload(owner, upload_id, json.loads(text))
        except Rejected as error:
            if error.code != "object_missing":
                raise
    raise NotFound(
        f"there is no upload {upload_id!r}",
        code="upload_unknown",
        hint="uploads are kept for a day: send the files again",
        subject=upload_id,
    )


def write_index(upload: Upload, store: ObjectStore) -> None:
    """Complete the upload."""
    fields = {
        "created_at": upload.created_at,
        "ignored": upload.ignored,
        "files": {name: [*asdict(file).values()] for name, file in upload.files.items()},
    }
    data = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    store.put(f"{upload.prefix}{INDEX}", data, "application/json")


def remove(upload: Upload, store: ObjectStore) -> None:
    """Delete what it holds, the index first."""
    store.delete(f"{upload.prefix}{INDEX}")
    for stored in store.list(upload.prefix):
        store.delete(stored.key)


def _upload(owner: str, upload_id: str, fields: dict[str, Any]) -> Upload:
    return Upload(
        id=upload_id,
        owner=owner,
        created_at=fields["created_at"],
        files={
            name: UploadedFile(key=key, size=size, sha256=sha256)
            for name, (key, size, sha256) in fields["files"].items()
        },
        ignored=fields["ignored"],
    )
