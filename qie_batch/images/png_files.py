"""Writes PNG files of RGB and RGBA images, quickly or small; the pixels are equal."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

#: How much CPU the compression may take; the table in `encoding` says what each costs.
PngEffort: TypeAlias = Literal["fast", "small"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Width, height, bits a sample, colour type, and three zeros: deflate, the five filters, not interlaced.
_HEADER = struct.Struct(">II5B")
_COLOUR_TYPES = {"RGB": 2, "RGBA": 6}
#: The filter "up": each byte less the one above it.
_UP = 2
#: Bytes of pixels filtered at a time, to bound the memory.
_STRIP_BYTES = 1 << 20


def png_file(image: Image.Image, effort: PngEffort) -> bytes:
    """The image has mode RGB or RGBA."""
    return _fast(image) if effort == "fast" else _small(image)


def _small(image: Image.Image) -> bytes:
    """By OpenCV, each byte predicted from its three neighbours: for photographs, which repeat nothing."""
    import cv2  # noqa: PLC0415 - takes 60 ms, needed only by processes that encode so
    import numpy as np  # noqa: PLC0415 - needed only by processes that encode

    options = (
        *(cv2.IMWRITE_PNG_COMPRESSION, 6),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH),
    )
    order = cv2.COLOR_RGBA2BGRA if image.mode == "RGBA" else cv2.COLOR_RGB2BGR
    written, data = cv2.imencode(".png", cv2.cvtColor(np.asarray(image), order), options)
    assert written  # false only for unknown formats and array types
    return bytes(data)


def _fast(image: Image.Image) -> bytes:
    """By ISA-L, whose deflate takes a third of the time of zlib's fastest strategy."""
    from isal import isal_zlib  # noqa: PLC0415 - likewise

    packer = isal_zlib.compressobj(1)
    pixels = b"".join([*map(packer.compress, _filtered(image)), packer.flush()])
    header = _HEADER.pack(*image.size, 8, _COLOUR_TYPES[image.mode], 0, 0, 0)
    return b"".join((_SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", pixels), *_chunk(b"IEND", b"")))


def _filtered(image: Image.Image) -> Iterator[memoryview]:
    """Strips of rows, each row with the number of its filter before it; valid until the next is asked for."""
    import numpy as np  # noqa: PLC0415 - likewise

    row_bytes = image.width * len(image.getbands())
    rows = max(1, min(image.height, _STRIP_BYTES // row_bytes))
    above = np.zeros(row_bytes, np.uint8)
    strip = np.full((rows, 1 + row_bytes), _UP, np.uint8)
    for top in range(0, image.height, rows):
        number = min(rows, image.height - top)
        box = (0, top, image.width, top + number)
        pixels = np.asarray(image.crop(box)).reshape(number, row_bytes)
        np.subtract(pixels[0], above, out=strip[0, 1:])
        np.subtract(pixels[1:], pixels[:-1], out=strip[1:number, 1:])
        above = pixels[-1]
        yield strip[:number].data


def _chunk(name: bytes, data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    checksum = zlib.crc32(data, zlib.crc32(name))
    return len(data).to_bytes(4), name, data, checksum.to_bytes(4)
