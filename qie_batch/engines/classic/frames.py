"""The size of the image after an operation, in whole pixels, without an image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import AddBorder, Crop, Pad, Resize, Rotate, Trim

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation

Size = tuple[int, int]


def size_after(operation: Operation, size: Size) -> Size | None:  # noqa: PLR0911 - one return for each reason
    """Width and height; None where they depend on the pixels, as those of a trimmed image."""
    match operation:
        case Crop(ratio=ratio):
            return _inside(size, ratio)
        case Pad():
            return _padded(size, operation)
        case Resize():
            return _resized(size, operation)
        case Rotate(degrees=degrees):
            return _rotated(size, degrees)
        case AddBorder(pixels=pixels, share=share):
            margin = pixels if pixels is not None else max(1, round((share or 0) * min(size)))
            return (size[0] + 2 * margin, size[1] + 2 * margin)
        case Trim():
            return None
        case _:
            return size


def _inside(size: Size, ratio: tuple[int, int]) -> Size:
    """The largest of the ratio in `size`, its sides rounded down."""
    width, height = size
    if width * ratio[1] > height * ratio[0]:
        width = max(1, height * ratio[0] // ratio[1])
    else:
        height = max(1, width * ratio[1] // ratio[0])
    return (width, height)


def _padded(size: Size, pad: Pad) -> Size:
    width, height = size
    if pad.ratio is not None:
        wide, tall = pad.ratio
        return (max(width, -(-height * wide // tall)), max(height, -(-width * tall // wide)))
    margin = pad.pixels if pad.pixels is not None else round((pad.share or 0) * max(size))
    return (width + 2 * margin, height + 2 * margin)


def _resized(size: Size, resize: Resize) -> Size:
    width, height = size
    if resize.longest is not None:
        resize = Resize(width=resize.longest) if width >= height else Resize(height=resize.longest)
    if resize.width is not None and resize.height is not None:
        return (resize.width, resize.height)
    if resize.width is not None:
        return (resize.width, max(1, round(height * resize.width / width)))
    if resize.height is not None:
        return (max(1, round(width * resize.height / height)), resize.height)
    factor = resize.factor or 1.0
    return (max(1, round(width * factor)), max(1, round(height * factor)))


def _rotated(size: Size, degrees: float) -> Size:
    """The smallest canvas that holds the rotated image; quarter turns are exact."""
    width, height = size
    if degrees % 90 == 0:
        return size if degrees % 180 == 0 else (height, width)
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    return (math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos))
