"""The size policy: an engine paints its own few sizes, a user gets the picture's size back.

The model redraws about one megapixel and shifts what it is shown stretched, so nothing is ever stretched:
the picture is scaled into the bucket of the nearest ratio, the rest is padded, and `restore` cuts the
padding off and scales back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageStat

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Pixels; the model's patches are this wide.
MIN_SIDE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    #: What the engine gets: exactly a bucket's size where there are buckets.
    image: Image.Image
    #: The part of it (left, top, right, bottom) that comes back; the rest is padding.
    frame: tuple[int, int, int, int]
    #: Width and height of the result.
    size: tuple[int, int]

    def restore(self, edited: Image.Image) -> Image.Image:
        """The engine's answer to `picture`, padding cut off, at exactly `size`."""
        if edited.size != self.image.size:
            raise ValueError(f"the engine painted {edited.size} where {self.image.size} was asked for")
        return _scaled(edited, self.size, self.frame)


def fit(
    picture: Image.Image, buckets: Sequence[tuple[int, int]], size: tuple[int, int] | None = None
) -> Fitted:
    """The picture (RGB) at a size the engine paints; without buckets at its own size, or at `size`.

    A `size` of another ratio shows the whole picture between bands of the median colour of its border:
    white stays white even where the product touches an edge, as the mean would not. What is cut off again
    afterwards repeats the edge pixels instead, because it then has no seam that the model could keep as a
    frame or bleed inwards.

    Rejected: image_too_small. `check_limits` comes before, for ratios that no size of the engine shows.
    """
    check_sides(picture.size)
    target = size or picture.size
    if not buckets:
        shown = picture if size is None else _letterboxed(picture, size)
        return Fitted(image=shown, frame=(0, 0, *target), size=target)
    bucket = min(buckets, key=lambda each: abs(math.log(each[0] * target[1] / (each[1] * target[0]))))
    inner = _inside(target, bucket)
    shown = _scaled(picture, inner) if size is None else _letterboxed(picture, inner)
    left, top = _centred(inner, bucket)
    frame = (left, top, left + inner[0], top + inner[1])
    return Fitted(image=_extended(shown, bucket, frame), frame=frame, size=target)


def check_sides(size: tuple[int, int]) -> None:
    if min(size) < MIN_SIDE:
        raise Rejected(
            f"the picture is {size[0]:,} x {size[1]:,} pixels and each side needs at least {MIN_SIDE}: "
            "give a larger one",
            code="image_too_small",
        )


def _letterboxed(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    inner = _inside(picture.size, size)
    # A band thinner than one pixel of the picture is its rounding, not its ratio: fill it.
    pixel = max(1.0, max(inner) / max(picture.size))
    if max(size[0] - inner[0], size[1] - inner[1]) <= pixel:
        return _scaled(picture, size)
    shown = _scaled(picture, inner)
    canvas = Image.new("RGB", size, _border_colour(shown))
    canvas.paste(shown, _centred(inner, size))
    return canvas


def _extended(picture: Image.Image, size: tuple[int, int], frame: tuple[int, int, int, int]) -> Image.Image:
    """The picture at `frame` of a canvas, its edge pixels repeated out to the canvas's edge."""
    if picture.size == size:
        return picture
    left, top, right, bottom = frame
    width, height = size
    canvas = Image.new("RGB", size)
    canvas.paste(picture, (left, top))
    for line, band in (
        ((left, 0, left + 1, height), (0, 0, left, height)),
        ((right - 1, 0, right, height), (right, 0, width, height)),
        ((0, top, width, top + 1), (0, 0, width, top)),
        ((0, bottom - 1, width, bottom), (0, bottom, width, height)),
    ):
        room = band[2] - band[0], band[3] - band[1]
        if all(room):
            canvas.paste(canvas.crop(line).resize(room, Image.Resampling.NEAREST), band)
    return canvas


def _border_colour(picture: Image.Image) -> tuple[int, ...]:
    width, height = picture.size
    strip = Image.new("RGB", (2 * (width + height), 1))
    strip.paste(picture.crop((0, 0, width, 1)), (0, 0))
    strip.paste(picture.crop((0, height - 1, width, height)), (width, 0))
    sides = picture.transpose(Image.Transpose.TRANSPOSE)
    strip.paste(sides.crop((0, 0, height, 1)), (2 * width, 0))
    strip.paste(sides.crop((0, width - 1, height, width)), (2 * width + height, 0))
    return tuple(round(value) for value in ImageStat.Stat(strip).median)


def _scaled(
    picture: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int] | None = None
) -> Image.Image:
    """Lanczos to shrink; bicubic to enlarge, which rings less at a product's edge on white."""
    left, top, right, bottom = box or (0, 0, *picture.size)
    if (right - left, bottom - top) == size:
        return picture.crop((left, top, right, bottom)) if box else picture
    enlarges = size[0] * size[1] > (right - left) * (bottom - top)
    resampling = Image.Resampling.BICUBIC if enlarges else Image.Resampling.LANCZOS
    return picture.resize(size, resampling, box=(left, top, right, bottom))


def _inside(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """`size` scaled to touch `room` from inside, to the nearest pixel."""
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = (max(1, round(side * scale)) for side in size)
    return min(width, room[0]), min(height, room[1])


def _centred(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    return (room[0] - size[0]) // 2, (room[1] - size[1]) // 2
