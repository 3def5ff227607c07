"""Files: images to edit, lines of batches, and the results of batches."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Form, Path, Query, UploadFile
from fastapi.responses import Response, StreamingResponse

from qie_batch.gateway.access import Editor, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.openai.shapes import FileDeleted, FileList, FileObject
from qie_batch.steps.openai.batches import OutputContext, output_file, output_lines
from qie_batch.steps.openai.batches.outputs import is_output
from qie_batch.steps.openai.files import MAX_BATCH_BYTES, FilesContext, add_file, fetch_file, remove_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.model import StoredFile

router = APIRouter()

#: Bytes: a batch's file with the form around it.
MAX_BODY = MAX_BATCH_BYTES + 1_000_000
PART = 1 << 20
FileId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": _BYTES}}}


@router.post("/files", max_body_size=MAX_BODY)
def create_file(
    file: UploadFile, purpose: Annotated[str, Form()], subject: Editor, context: Context
) -> FileObject:
    """Store a file: `batch` for the lines of a batch, `vision` or `user_data` for an image."""
    stored = add_file(file.filename or "", purpose, file.size or 0, file.file, _files(subject, context))
    return _shown(stored)


@router.get("/files")
def list_files(
    subject: Editor,
    context: Context,
    after: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,80}$")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    purpose: Annotated[str, Query(pattern=r"^[a-z_-]{0,32}$")] = "",
) -> FileList:
    """Files that were uploaded, newest first."""
    files = _files(subject, context).files
    found = files.latest(limit + 1, files.get(after) if after else None, purpose)
    data = [_shown(file) for file in found[:limit]]
    return FileList(
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=len(found) > limit,
    )


@router.get("/files/{file_id}")
def get_file(file_id: FileId, subject: Editor, context: Context) -> FileObject:
    if is_output(file_id):
        return _shown(output_file(file_id, outputs(subject, context)))
    return _shown(_files(subject, context).files.get(file_id))


@router.get("/files/{file_id}/content", response_class=Response, responses=_CONTENT)
def get_file_content(file_id: FileId, subject: Editor, context: Context) -> Response:
    if is_output(file_id):
        lines = output_lines(file_id, outputs(subject, context))
        return StreamingResponse(lines, media_type="application/jsonl")
    file = cast("BinaryIO", tempfile.TemporaryFile(prefix="qie-file-"))  # noqa: SIM115 - closed by `_parts`
    try:
        fetch_file(file_id, file, _files(subject, context))
    except BaseException:
        file.close()
        raise
    return StreamingResponse(_parts(file), media_type="application/octet-stream")


@router.delete("/files/{file_id}")
def delete_file(file_id: FileId, subject: Editor, context: Context) -> FileDeleted:
    """The bytes are gone; what was made of them stays. The files of a batch's results are its job's."""
    remove_file(file_id, _files(subject, context))
    return FileDeleted(id=file_id)


def outputs(subject: Subject, context: GatewayContext) -> OutputContext:
    own = context.ledger.owned_by(subject.tenant)
    return OutputContext(batches=own.batches, jobs=own.jobs, store=context.store)


def _files(subject: Subject, context: GatewayContext) -> FilesContext:
    return FilesContext(
        files=context.ledger.owned_by(subject.tenant).files,
        store=context.store,
        owner=subject.tenant,
        max_image_bytes=context.settings.gateway_max_image_bytes,
    )


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(PART):
            yield part


def _shown(file: StoredFile) -> FileObject:
    return FileObject(
        id=file.id,
        bytes=file.size,
        created_at=int(file.created_at),
        filename=file.name,
        purpose=file.purpose,
    )
