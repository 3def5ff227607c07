"""What a pool and one of its decoder processes send each other over a stream socket.

A decoder process sends READY once. Then for each request the pool sends REQUEST_HEADER and the bytes of the
image, and the decoder process sends REPLY_HEADER and what that announces.
"""

from __future__ import annotations

import json
import struct
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from qie_batch.images.decoding import Limits
from qie_batch.images.provenance import READ

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from qie_batch.images.provenance import Value

READY = b"+"


class Task(IntEnum):
    DECODE = 0
    INSPECT = 1
    #: Read the fields of the file.
    READ_FIELDS = 2
    #: Write fields: those, as `packed` puts them before the file.
    WRITE_FIELDS = 3


class Reply(IntEnum):
    """The first field of a reply's header, and what the other three and the bytes behind them are."""

    #: Width, height, number of bytes; these bytes of RGB or RGBA.
    IMAGE = 0
    #: Width, height, four times the index in `kinds.DECODED`, 2 with the end marker, 1 with alpha; nothing.
    HEADER = 1
    #: Bytes of the error code, bytes of the sentence, 0; both as UTF-8.
    REFUSAL = 2
    #: Number of bytes, 0, 0; these bytes.
    BYTES = 3


#: Task, bytes of the image, `draft` or 0, the fields of `Limits` in their order.
REQUEST_HEADER = struct.Struct("<6Q?")
REPLY_HEADER = struct.Struct("<4Q")
#: Bytes of the fields of a file, and those by which a file grows with them.
LONGEST_FIELDS = 200_000
_LENGTH = struct.Struct("<Q")

#: Bytes of pixels sent at a time: few enough to stay in the processor's cache between packing and unpacking.
_STRIP_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    task: int
    data: bytes
    limits: Limits
    #: As in `decoding.decode`; 0 for none.
    draft: int = 0

    @property
    def header(self) -> bytes:
        return REQUEST_HEADER.pack(self.task, len(self.data), self.draft, *astuple(self.limits))


def read_request(reader: BinaryIO) -> Request | None:
    """The next request; None if the pool closed the socket."""
    header = reader.read(REQUEST_HEADER.size)
    if not header:
        return None
    task, length, draft, max_pixels, max_side, max_bytes, of_gateway = REQUEST_HEADER.unpack(header)
    limits = Limits(max_pixels=max_pixels, max_side=max_side, max_bytes=max_bytes, of_gateway=of_gateway)
    return Request(task=task, data=reader.read(length), limits=limits, draft=draft)


def packed(fields: Mapping[str, Value], data: bytes) -> bytes:
    """One block of both."""
    text = json.dumps(fields).encode()
    return b"".join((_LENGTH.pack(len(text)), text, data))


def unpacked(block: bytes) -> tuple[dict[str, Value], bytes]:
    (length,) = _LENGTH.unpack_from(block)
    end = _LENGTH.size + length
    return json.loads(block[_LENGTH.size : end]), block[end:]


def parsed_fields(text: bytes) -> dict[str, Value]:
    """The fields that a decoder process read; ValueError or TypeError for what is not such an answer."""
    found = json.loads(text)
    return {name: _field(found[name]) for name in READ if name in found}


def _field(value: object) -> Value:
    """TypeError for anything but texts."""
    match value:
        case str():
            return value
        case list():
            return [_text(text) for text in value]
        case dict():
            return {_text(name): _text(text) for name, text in value.items()}
        case _:
            raise TypeError(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def strip_rows(row_bytes: int) -> int:
    """How many rows of so many bytes are sent at a time."""
    return max(1, _STRIP_BYTES // row_bytes)
