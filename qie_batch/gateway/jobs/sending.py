"""Bodies of requests that send files or rows: streamed to disk, closed after the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import cast

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from qie_batch.errors import UsageError
from qie_batch.gateway.bodies import FORM_LIMITS, JSON, media_type
from qie_batch.steps.uploads import SentFile


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
    kind = media_type(request)
    if kind == "multipart/form-data":
        form = await _form(request)
        try:
            yield form
        finally:
            for each in form.files:
                each.file.close()
    elif kind == JSON:
        yield Sent(json=await request.body())
    else:
        raise HTTPException(415, "send multipart/form-data with files, or application/json")


async def _form(request: Request) -> Sent:
    try:
        form = await _OnDisk(request.headers, request.stream(), **FORM_LIMITS).parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise UsageError(
                f"more than {FORM_LIMITS['max_files']} files were sent",
                code="upload_too_many",
                hint="pack them into a ZIP file",
            ) from error
        raise HTTPException(400, error.message) from error
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
