"""How large an export is, and where in it the product lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qie_batch.exports.channel import Channel


class Frame(NamedTuple):
    """In pixels of the export."""

    width: int
    height: int
    #: Of the product's box.
    box: tuple[int, int]
    left: int
    top: int
    #: Pixels of the export for one of the image.
    scale: float


def frame_of(box: tuple[int, int], channel: Channel, *, fill: float = 1.0) -> Frame:
    """The frame round a box of so many pixels that covers the share `fill` of it, on the nearer sides."""
    width, height = box
    ratio = width / height
    if channel.aspect:
        ratio = channel.aspect[0] / channel.aspect[1]
    whole = max(width / fill, height / fill * ratio)
    scale = _scale(whole, whole / ratio, channel)
    size = max(1, round(whole * scale)), max(1, round(whole / ratio * scale))
    if channel.aspect:
        size = _exact(size, channel.aspect)
    inner = min(size[0], max(1, round(width * scale))), min(size[1], max(1, round(height * scale)))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    return Frame(*size, inner, left, top, scale)


def _scale(width: float, height: float, channel: Channel) -> float:
    """Down to the size at which the channel aims, up only to the least that it takes."""
    longest, shortest = max(width, height), min(width, height)
    scale = min(1.0, channel.aim / longest)
    least = max(channel.longest.least / longest, channel.shortest.least / shortest)
    if scale < least and (channel.upscale or least <= 1):
        scale = least
    most = min(channel.longest.most / longest, channel.shortest.most / shortest)
    pixels = math.sqrt(channel.megapixels * 1e6 / (width * height))
    return min(scale, most, pixels)


def _exact(size: tuple[int, int], aspect: tuple[int, int]) -> tuple[int, int]:
    """The nearest size of exactly the aspect, where that is within a pixel or two."""
    parts = max(1, round(size[0] / aspect[0]))
    wide, high = parts * aspect[0], parts * aspect[1]
    near = abs(wide - size[0]) <= 2 and abs(high - size[1]) <= 2
    return (wide, high) if near else (size[0], max(1, round(size[0] * aspect[1] / aspect[0])))
