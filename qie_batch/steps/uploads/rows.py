"""Rows of a request as a JSONL manifest beside the images of an upload."""

from __future__ import annotations

import io
import json
import tempfile
from typing import TYPE_CHECKING, Any, cast

from qie_batch.errors import UsageError
from qie_batch.keys import upload_prefix
from qie_batch.steps.data_urls import read_data_url
from qie_batch.steps.uploads.taking import IN_MEMORY, put
from qie_batch.steps.uploads.upload import Upload, UploadedFile, new_upload_id, write_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import BufferedIOBase

    from qie_batch.steps.uploads.taking import TakeContext

    Row = Mapping[str, Any]

MANIFEST = "rows.jsonl"


def with_rows(
    rows: Sequence[Row],
    owner: str,
    context: TakeContext,
    *,
    upload_id: str = "",
    beside: Upload | None = None,
) -> Upload:
    """A new upload whose catalog are the rows; their images are data URLs, or files of `beside`.

    UsageError for a data URL that cannot be read. Repeated with the same id, this is harmless.
    """
    upload_id = upload_id or new_upload_id()
    prefix = upload_prefix(owner, upload_id)
    files = dict(beside.files) if beside else {}
    with tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="qie-rows-") as manifest:
        for number, row in enumerate(rows, start=1):
            plain, images = _without_data(row, number)
            for name, data in images:
                files[name] = _kept(f"{prefix}{name}", data, context)
            manifest.write(f"{json.dumps(plain, ensure_ascii=True)}\n".encode())
        size = manifest.tell()
        files[MANIFEST] = put(context.store, f"{prefix}{MANIFEST}", cast("BufferedIOBase", manifest), size)
    upload = Upload(id=upload_id, owner=owner, created_at=context.now, files=files)
    write_index(upload, context.store)
    return upload


def _kept(key: str, data: bytes, context: TakeContext) -> UploadedFile:
    kept = len(data) <= context.limits.max_image_bytes
    return put(context.store, key, io.BytesIO(data) if kept else None, len(data))


def _without_data(row: Row, number: int) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """The row with a file's name for each data URL, and these files."""
    plain, images = dict(row), []
    for column, name, data in _data_urls(row, number):
        plain[column] = name
        images.append((name, data))
    return plain, images


def _data_urls(row: Row, number: int) -> Iterator[tuple[str, str, bytes]]:
    for place, (column, value) in enumerate(row.items()):
        try:
            url = read_data_url(value) if isinstance(value, str) else None
        except ValueError as error:
            raise UsageError(
                f"row {number}: the data URL of {column!r} is not base64 ({error})",
                code="image_address",
                hint="write data:image/png;base64, and the bytes",
            ) from None
        if url:
            yield column, f"row-{number}-{place}.{url.subtype}", url.data
