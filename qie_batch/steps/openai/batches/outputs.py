"""The files of a batch's results, made of ledger and store whenever they are read."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from qie_batch.errors import NotFound
from qie_batch.model import FINAL, ItemState, StoredFile
from qie_batch.steps.edit.outcome import gave_up
from qie_batch.steps.openai.batches.progress import batch_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Batches, Jobs, ObjectStore
    from qie_batch.model import Batch, Item

PURPOSE = "batch_output"
_ID = re.compile(r"file-([0-9a-f]{24})-(output|errors)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputContext:
    #: All of the tenant.
    batches: Batches
    jobs: Jobs
    store: ObjectStore


class _Output(NamedTuple):
    batch: Batch
    #: Of the lines that failed, else of those that have results.
    of_errors: bool


def is_output(file_id: str) -> bool:
    return bool(_ID.fullmatch(file_id))


def output_id(batch: Batch, *, of_errors: bool) -> str:
    return f"file-{batch.id.removeprefix('batch_')}-{'errors' if of_errors else 'output'}"


def output_file(file_id: str, context: OutputContext) -> StoredFile:
    """The file as if it were stored; NotFound before the batch has ended, and for one without lines."""
    batch, of_errors = _named(file_id, context)
    lines = _lines(batch, context, of_errors=of_errors)
    return StoredFile(
        id=file_id,
        owner=batch.owner,
        name=f"{batch.id}_{'errors' if of_errors else 'output'}.jsonl",
        purpose=PURPOSE,
        object_key="",
        size=sum(_size(batch, items, of_errors=of_errors) for items in lines),
        created_at=batch.created_at,
    )


def output_lines(file_id: str, context: OutputContext) -> Iterator[bytes]:
    """The file's lines, each made when it is asked for; raises as `output_file`, at once."""
    batch, of_errors = _named(file_id, context)
    lines = _lines(batch, context, of_errors=of_errors)
    if of_errors:
        return (_text(_failed(items)) for items in lines)
    return (_text(_done(batch, items, [_fetched(item, context) for item in items])) for items in lines)


def _named(file_id: str, context: OutputContext) -> _Output:
    found = _ID.fullmatch(file_id)
    unknown = NotFound(f"there is no file {file_id!r}", code="file_unknown", subject=file_id)
    if not found:
        raise unknown
    try:
        batch = context.batches.get(f"batch_{found[1]}")
    except NotFound:
        raise unknown from None
    of_errors = found[2] == "errors"
    progress = batch_progress(batch, batches=context.batches, jobs=context.jobs)
    if not (progress.has_errors if of_errors else progress.has_output):
        raise unknown
    return _Output(batch, of_errors)


def _lines(batch: Batch, context: OutputContext, *, of_errors: bool) -> Iterator[list[Item]]:
    """The items of each line that belongs into the file; a line with several results has several."""
    by_line = groupby(context.jobs.items(batch.job_id), key=lambda item: (item.line, item.row_id))
    for _, group in by_line:
        items = list(group)
        is_done = all(item.state is ItemState.SUCCEEDED for item in items)
        if is_done != of_errors and all(item.state in FINAL for item in items):
            yield items


def _size(batch: Batch, items: list[Item], *, of_errors: bool) -> int:
    """Bytes of the line, without reading any image."""
    if of_errors:
        return len(_text(_failed(items)))
    encoded = sum((item.result.size + 2) // 3 * 4 for item in items if item.result)
    return len(_text(_done(batch, items, [""] * len(items)))) + encoded


def _fetched(item: Item, context: OutputContext) -> str:
    assert item.result  # as it has succeeded
    return base64.b64encode(context.store.get(item.result.object_key)).decode()


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _done(batch: Batch, items: list[Item], images: list[str]) -> dict[str, Any]:
    result, spec = items[0].result, items[0].spec
    assert result
    assert spec
    body = {
        "created": int(batch.created_at),
        "data": [{"b64_json": image} for image in images],
        "output_format": spec.params.output.value,
        "size": f"{result.width}x{result.height}",
    }
    return _line(items[0], {"status_code": 200, "request_id": items[0].id, "body": body}, None)


def _failed(items: list[Item]) -> dict[str, Any]:
    failure = next((item.failure for item in items if item.failure), None)
    if failure is None:
        sentence = "The batch was cancelled before this edit was made."
        return _line(items[0], None, {"code": "batch_cancelled", "message": sentence})
    kind, status = ("server_error", 500) if gave_up(failure) else ("invalid_request_error", 400)
    body = {"error": {"message": failure.reason, "type": kind, "param": None, "code": failure.code}}
    return _line(items[0], {"status_code": status, "request_id": items[0].id, "body": body}, None)


def _line(item: Item, response: dict[str, Any] | None, error: dict[str, str] | None) -> dict[str, Any]:
    return {
        "id": f"batch_req_{item.id}",
        "custom_id": item.row_id,
        "response": response,
        "error": error,
    }
