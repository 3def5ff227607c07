"""The body of a request for an edit, as multipart or as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile

from qie_batch.gateway.bodies import JSON, media_type
from qie_batch.steps.openai.edit_body import COLUMNS, MAX_IMAGES, WrongParameter

if TYPE_CHECKING:
    from fastapi import Request

#: Of one text in a form.
MAX_TEXT = 1 << 20
MAX_FIELDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEdit:
    """The parameters as sent, and the bytes of files."""

    fields: dict[str, Any]
    files: tuple[bytes, ...]


async def raw_edit(request: Request, max_image_bytes: int) -> RawEdit:
    """WrongParameter for a body of another form."""
    if media_type(request) == JSON:
        return RawEdit(fields=_object(await request.body()), files=())
    return await _form(request, max_image_bytes)


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongParameter("the body is no JSON", code="invalid_json") from error
    if not isinstance(fields, dict):
        raise WrongParameter("the body is no JSON object", code="invalid_json")
    return fields


async def _form(request: Request, max_image_bytes: int) -> RawEdit:
    """OpenAI's client sends one image as `image`, several as `image[]`; other clients `image[0]`."""
    fields: dict[str, Any] = {}
    files: list[bytes] = []
    async with request.form(max_files=MAX_IMAGES + 2, max_fields=MAX_FIELDS, max_part_size=MAX_TEXT) as form:
        for part, value in form.multi_items():
            name = part.partition("[")[0]
            if isinstance(value, UploadFile) and name in ("image", "images"):
                files.append(await value.read(max_image_bytes + 1))
            elif isinstance(value, UploadFile):
                fields[name] = value.filename or "file"
            elif name in ("image", "images", "url"):
                fields.setdefault("image", []).append(value)
            else:
                fields[name] = value
    return RawEdit(fields=fields, files=tuple(files))


def _schema(image: dict[str, Any]) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    known: dict[str, Any] = {
        **dict.fromkeys(COLUMNS, text),
        "n": {"type": "integer", "minimum": 1, "maximum": 8},
        "seed": {"type": "integer", "minimum": 0},
        "num_inference_steps": {"type": "integer", "minimum": 1, "maximum": 100},
        "true_cfg_scale": {"type": "number", "minimum": 0, "maximum": 20},
        "guidance_scale": {"type": "number", "minimum": 0, "maximum": 20},
        "output_format": {"type": "string", "enum": ["png", "jpeg", "webp"]},
        "output_compression": {"type": "integer", "minimum": 1, "maximum": 100},
        "response_format": {"type": "string", "enum": ["b64_json", "url"]},
        "model": text,
        "image": image,
    }
    return {"type": "object", "required": ["prompt", "image"], "properties": known}


_FILE = {"type": "string", "format": "binary"}
_SOURCE = {"type": "string", "description": "a data: URL, an https:// address, or the id of a file"}
#: For the OpenAPI document, as the route reads the body itself.
DESCRIBED = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _schema({"type": "array", "items": _FILE, "maxItems": 3})},
            "application/json": {
                "schema": _schema({"anyOf": [_SOURCE, {"type": "array", "items": _SOURCE, "maxItems": 3}]})
            },
        },
    }
}
