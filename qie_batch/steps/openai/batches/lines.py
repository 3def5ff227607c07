"""The lines of a batch's file, each of them one edit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from qie_batch.errors import UsageError
from qie_batch.manifest.cells import read_id
from qie_batch.manifest.faults import WrongCell
from qie_batch.model import BatchFault
from qie_batch.steps.openai.edit_body import WrongParameter, check_images, read_body
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.steps.openai.edit_body import EditBody

ENDPOINT = "/v1/images/edits"
MAX_LINES = 50_000
#: Bytes of one line: three images in base64, with room.
MAX_LINE = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    #: 1-based.
    line: int
    custom_id: str
    body: EditBody


def read_lines(file: BinaryIO, address_of: Callable[[str], str]) -> Iterator[BatchLine | BatchFault]:
    """Each line that is not blank, or what is wrong with it. `address_of` is that of `read_body`."""
    seen: set[str] = set()
    number = 0
    while text := file.readline(MAX_LINE + 1):
        number += 1
        if len(text) > MAX_LINE:
            yield BatchFault(
                line=number, code="line_too_long", message=f"the line has over {MAX_LINE:,} bytes"
            )
            return
        if not text.strip():
            continue
        if len(seen) >= MAX_LINES:
            yield BatchFault(
                code="too_many_lines", message=f"a batch has up to {MAX_LINES:,} lines: split it"
            )
            return
        try:
            yield _line(number, text, seen, address_of)
        except UsageError as error:
            param = error.subject if isinstance(error, WrongParameter) else ""
            yield BatchFault(line=number, code=error.code, message=error.message, param=param)
    if not seen:
        yield BatchFault(code="empty_file", message="the file has no line with an edit")


def _line(number: int, text: bytes, seen: set[str], address_of: Callable[[str], str]) -> BatchLine:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongParameter("the line is no JSON", code="invalid_json_line") from None
    if not isinstance(value, dict):
        raise WrongParameter("the line is not a JSON object", code="invalid_json_line")
    custom_id = _custom_id(value.get("custom_id"))
    if custom_id in seen:
        sentence = f"custom_id {quoted(custom_id)} is there twice: give each line its own"
        raise WrongParameter(sentence, code="duplicate_custom_id", subject="custom_id")
    seen.add(custom_id)
    if value.get("method", "POST") != "POST":
        raise WrongParameter("method is POST", code="invalid_method", subject="method")
    if value.get("url", ENDPOINT) != ENDPOINT:
        sentence = f"url is {ENDPOINT}, as the endpoint of the batch"
        raise WrongParameter(sentence, code="mismatched_endpoint", subject="url")
    body = value.get("body")
    if not isinstance(body, dict):
        raise WrongParameter(
            "the line has no body: give the parameters of an edit", code="missing_body", subject="body"
        )
    edit = read_body(body, (), address_of)
    check_images(edit)
    return BatchLine(line=number, custom_id=custom_id, body=edit)


def _custom_id(value: object) -> str:
    """As the id of a row, which it becomes."""
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise WrongParameter(
            "the line has no custom_id, which is a text", code="missing_custom_id", subject="custom_id"
        )
    try:
        return read_id(text)
    except WrongCell as wrong:
        raise WrongParameter(wrong.reason, code="invalid_custom_id", subject="custom_id") from None
