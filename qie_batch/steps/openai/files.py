"""Files that a tenant stores, to name them in edits and batches."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from qie_batch.errors import NotFound, Rejected
from qie_batch.keys import file_key
from qie_batch.model import StoredFile
from qie_batch.steps.openai.edit_body import WrongParameter
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from io import BufferedIOBase

    from qie_batch.interfaces import Files, ObjectStore

#: Bytes of a batch's file.
MAX_BATCH_BYTES = 200_000_000
MAX_NAME = 200
#: Images to be edited; "batch" is for the lines of a batch.
IMAGES = ("vision", "user_data")
BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesContext:
    #: Of the tenant.
    files: Files
    store: ObjectStore
    owner: str
    max_image_bytes: int


def add_file(name: str, purpose: str, size: int, data: BinaryIO, context: FilesContext) -> StoredFile:
    """Store the bytes, then the record; WrongParameter for a purpose or a size that is not taken."""
    if purpose not in (BATCH, *IMAGES):
        taken = ", ".join((BATCH, *IMAGES))
        raise WrongParameter(f"purpose is one of {taken}, not {quoted(purpose)}", subject="purpose")
    most = MAX_BATCH_BYTES if purpose == BATCH else context.max_image_bytes
    if not 0 < size <= most:
        sentence = f"the file has {size:,} bytes; a file of purpose {purpose} has 1 to {most:,}"
        raise WrongParameter(sentence, code="file_too_large" if size else "file_empty", subject="file")
    file_id = f"file-{secrets.token_hex(12)}"
    file = StoredFile(
        id=file_id,
        owner=context.owner,
        name=printable(name, MAX_NAME) or "file",
        purpose=purpose,
        object_key=file_key(context.owner, file_id),
        size=size,
    )
    context.store.put_new(file.object_key, cast("BufferedIOBase", data), "application/octet-stream")
    return context.files.add(file)


def remove_file(file_id: str, context: FilesContext) -> None:
    """The record first, so that none is left without its bytes. NotFound where there is none."""
    file = context.files.get(file_id)
    context.files.remove(file_id)
    context.store.delete(file.object_key)


def fetch_file(file_id: str, into: BinaryIO, context: FilesContext) -> StoredFile:
    """Write the bytes into the file. NotFound where there are none."""
    file = context.files.get(file_id)
    try:
        context.store.download(file.object_key, into)
    except Rejected as error:
        raise NotFound(f"the bytes of file {file_id} are gone", code="file_unknown") from error
    return file
