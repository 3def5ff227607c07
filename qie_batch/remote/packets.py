"""Edits as bytes, for servers that run our own engine: a header in JSON, and image files.

    length of the header (uint32, little-endian) | header | image files, one after the other

The header names the length of each file. The messages on the socket of a served engine have a kind and a
length before them.
"""

from __future__ import annotations

import json
import struct
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

_LENGTH = struct.Struct("<I")
_MESSAGE = struct.Struct("<cI")
#: Bytes of a message: images of 64 megapixels as PNG, several of them.
MOST_BYTES = 1_000_000_000


class Kind(Enum):
    """Of a message on the socket."""

    #: To the engine: hold this connection; the server is gone once it ends.
    HOLD = b"H"
    #: To the engine: the server ends by intention.
    QUIT = b"Q"
    #: Both ways: does the engine live?
    PING = b"P"
    #: To the engine.
    EDIT = b"E"
    #: From the engine, each as a packet.
    STEP = b"S"
    IMAGE = b"I"
    ERROR = b"X"


class Broken(Exception):
    """The bytes are no packet."""


def pack(header: dict[str, Any], files: Sequence[bytes] = ()) -> bytes:
    """One packet; `header` may not contain `lengths`."""
    head = json.dumps({**header, "lengths": [len(file) for file in files]}).encode()
    return b"".join((_LENGTH.pack(len(head)), head, *files))


def unpack(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Header and files; Broken if they do not fill the packet exactly."""
    try:
        (length,) = _LENGTH.unpack_from(data)
        header = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        lengths = [int(each) for each in header["lengths"]]
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise Broken(f"the packet has no header ({type(error).__name__})") from error
    files, place = [], _LENGTH.size + length
    for each in lengths:
        files.append(data[place : place + each])
        place += each
    if place != len(data) or any(each < 0 for each in lengths):
        raise Broken(f"the packet has {len(data)} bytes where its header says {place}")
    return header, files


def send(connection: socket.socket, kind: Kind, data: bytes = b"") -> None:
    connection.sendall(_MESSAGE.pack(kind.value, len(data)) + data)


def receive(connection: socket.socket) -> tuple[Kind, bytes] | None:
    """The next message; None once the other side has ended. Broken for anything else."""
    head = _exactly(connection, _MESSAGE.size)
    if head is None:
        return None
    kind, length = _MESSAGE.unpack(head)
    if length > MOST_BYTES:
        raise Broken(f"a message of {length} bytes")
    try:
        found = Kind(kind)
    except ValueError as error:
        raise Broken(f"a message of kind {kind!r}") from error
    data = _exactly(connection, length)
    return None if data is None else (found, data)


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
