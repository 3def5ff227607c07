"""The chunks of a WebP file: libwebp decodes lossy pixels whatever their bytes are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = 12

#: Runs of one byte that entropy-coded pixels do not hold: a part of the file was lost.
_HOLES = (bytes(256), b"\xff" * 256)


def is_cut_short(data: bytes) -> bool:
    return len(data) < int.from_bytes(data[4:8], "little") + 8


def has_hole(data: bytes) -> bool:
    return any(
        data.find(hole, start, end) >= 0
        for name, start, end in _chunks(data)
        if name in (b"VP8 ", b"VP8L")
        for hole in _HOLES
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, and start and end of the content."""
    at = _HEADER
    while at + 8 <= len(data):
        start = at + 8
        end = start + int.from_bytes(data[at + 4 : start], "little")
        yield data[at : at + 4], start, end
        at = end + end % 2
