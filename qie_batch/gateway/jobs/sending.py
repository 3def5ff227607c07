"""Bodies of requests that send files or rows: streamed to disk, closed after the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import cast

from fastapi import HTTPException, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from qie_batch.steps.uploads import SentFile

#: Loose files of one request: each has an open file on disk.
MAX_FILES, MAX_FIELDS = 500, 100
#: Of one field that is no file, and of a JSON body, which are held in memory.
MAX_FIELD_BYTES, MAX_JSON_BYTES = 100_000, 32_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A multipart body as files and fields, any other body as JSON."""

    files: tuple[SentFile, ...] = ()
    #: Values by name, as often as they were sent.
    fields: tuple[tuple[str, str], ...] = ()
    json: bytes | None = None


class _OnDisk(MultiPartParser):
    """Holds 64 KB of each file in memory, not 1 MB."""

    spool_max_size = 1 << 16


async def sent(request: Request) -> AsyncIterator[Sent]:
    """What the request sends; 400 for a broken form, 413 for what is too large, 415 for other types."""
    kind = parse_options_header(request.headers.get("content-type", ""))[0].lower()
    if kind == b"multipart/form-data":
        form = await _form(request)
        try:
            yield form
        finally:
            for each in form.files:
                each.file.close()
    elif kind == b"application/json":
        yield Sent(json=await _json(request))
    else:
        raise HTTPException(415, "send multipart/form-data with files, or application/json")


async def _form(request: Request) -> Sent:
    parser = _OnDisk(
        request.headers,
        request.stream(),
        max_files=MAX_FILES,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        hint = f" Pack more than {MAX_FILES} files into a ZIP file." if "Too many files" in str(error) else ""
        raise HTTPException(400, f"{error.message}{hint}") from error
    files, fields = [], []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = cast("BufferedIOBase", value.file)
            # A browser sends a file field that was left empty as a file without a name.
            if value.filename:
                files.append(SentFile(name=value.filename, file=file))
            else:
                file.close()
        else:
            fields.append((name, value))
    return Sent(files=tuple(files), fields=tuple(fields))


async def _json(request: Request) -> bytes:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > MAX_JSON_BYTES:
            raise HTTPException(413, f"a JSON body may have {MAX_JSON_BYTES:,} bytes; send files instead")
        parts.append(part)
    return b"".join(parts)
