"""Files with an sRGB profile, at the best quality that keeps within a number of bytes."""

from __future__ import annotations

import io
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, PngImagePlugin

from qie_batch.images.profiles import srgb_profile
from qie_batch.model import OutputFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.exports.channel import Channel

#: Encodes of one image at most.
MAX_ENCODES = 6
#: From this share of the allowed bytes on, a file is not made larger.
_NEAR = 0.9
#: The best quality of the encoders, tried only where a channel wants more bytes.
_BEST = 100
#: The share by which bytes change with a step of quality near 80, for the first guess.
_STEP = 0.04


class Encoded(NamedTuple):
    data: bytes
    #: None for PNG.
    quality: int | None
    encodes: int


def encoded(image: Image.Image, channel: Channel, xmp: bytes = b"") -> Encoded:
    """The image as the channel's format; as near to the allowed bytes as the format gets."""
    if channel.format is OutputFormat.PNG:
        return Encoded(_png(image, xmp), None, 1)
    encode = partial(_lossy, image, channel.format, xmp)
    return _searched(encode, channel)


def _searched(encode: Callable[[int], bytes], channel: Channel) -> Encoded:
    """Bytes grow with quality, nearly by the same factor a step: guesses go by that of the last two."""
    lowest, highest = int(channel.quality.least), int(channel.quality.most)
    least, most = channel.bytes
    quality, encodes = highest, 0
    sizes: dict[int, int] = {}
    best: tuple[int, bytes] | None = None
    smallest: tuple[int, bytes] | None = None
    while True:
        data = encode(quality)
        encodes += 1
        sizes[quality] = len(data)
        if smallest is None or len(data) < len(smallest[1]):
            smallest = quality, data
        if len(data) <= most and (best is None or quality > best[0]):
            best = quality, data
        wanted = _next(sizes, lowest, highest, most)
        if wanted is None or encodes == MAX_ENCODES:
            break
        quality = wanted
    if best and len(best[1]) < least and best[0] == highest < _BEST:
        larger = encode(_BEST)
        if len(larger) <= most:
            best, encodes = (_BEST, larger), encodes + 1
    found = best or smallest
    assert found is not None  # one was encoded
    return Encoded(found[1], found[0], encodes)


def _next(sizes: dict[int, int], lowest: int, highest: int, most: float) -> int | None:
    """The quality to try; None when no better one is known of."""
    fits = max((quality for quality, size in sizes.items() if size <= most), default=lowest - 1)
    above = min((quality for quality, size in sizes.items() if size > most), default=highest + 1)
    if above - fits <= 1 or (fits in sizes and sizes[fits] >= _NEAR * most):
        return None
    near = min(sizes, key=lambda quality: abs(math.log(sizes[quality] / most)))
    step = _STEP
    if len(sizes) > 1:
        other = min((q for q in sizes if q != near), key=lambda q: abs(q - near))
        step = max(0.005, math.log(sizes[near] / sizes[other]) / (near - other))
    # A little less than allowed, so that most guesses fit.
    guess = near + math.log(0.96 * most / sizes[near]) / step
    return min(above - 1, max(fits + 1, math.floor(guess)))


def _lossy(image: Image.Image, output: OutputFormat, xmp: bytes, quality: int) -> bytes:
    buffer = io.BytesIO()
    more: dict[str, Any] = {"xmp": xmp} if xmp else {}
    if output is OutputFormat.JPEG:
        # 4:4:4, because 4:2:0 blurs coloured text and edges.
        image.save(buffer, "JPEG", quality=quality, subsampling="4:4:4", icc_profile=srgb_profile(), **more)
    else:
        image.save(buffer, "WEBP", quality=quality, method=4, icc_profile=srgb_profile(), **more)
    return buffer.getvalue()


def _png(image: Image.Image, xmp: bytes) -> bytes:
    buffer = io.BytesIO()
    texts = PngImagePlugin.PngInfo()
    if xmp:
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode(errors="replace"))
    image.save(buffer, "PNG", icc_profile=srgb_profile(), pnginfo=texts)
    return buffer.getvalue()


def xmp_of(data: bytes) -> bytes:
    """The metadata of an image that says where it is from, which stays with it; b"" without any."""
    try:
        found = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")).info.get("xmp", b"")
    except OSError:
        return b""
    return found.encode() if isinstance(found, str) else bytes(found)
