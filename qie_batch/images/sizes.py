"""Fits images to the few sizes (buckets) that an engine paints, and results back to the image's size.

The model paints about one megapixel and displaces the content of stretched images, so images are never
stretched: `fit` scales the image into the bucket of the nearest ratio and pads the rest, and `restore` crops
the padding and scales back. An engine without buckets edits the image as it is, and its result is fitted to
the size asked for: what stands at the border of the result then continues in the bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PIL import Image, ImageStat

from qie_batch.errors import Rejected
from qie_batch.images.scaling import scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Pixels; the width of the model's patches.
MIN_SIDE = 16
#: Alpha from which a border counts as opaque.
_OPAQUE = 230


class Fitted(Protocol):
    #: The engine's input.
    @property
    def image(self) -> Image.Image: ...

    def restore(self, edited: Image.Image) -> Image.Image:
        """The engine's result for `image` at the size of the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlace:
    """Of an engine without buckets, whose result may have any size."""

    image: Image.Image
    #: Width and height asked for; None for those that the engine gives.
    size: tuple[int, int] | None

    def restore(self, edited: Image.Image) -> Image.Image:
        return letterboxed(edited, self.size) if self.size else edited


@dataclass(frozen=True, slots=True, kw_only=True)
class InBucket:
    #: Of exactly a bucket's size.
    image: Image.Image
    #: The part of `image` (left, top, right, bottom) that is kept; the rest is padding.
    frame: tuple[int, int, int, int]
    #: Width and height of the result.
    size: tuple[int, int]

    def restore(self, edited: Image.Image) -> Image.Image:
        if edited.size != self.image.size:
            raise ValueError(f"the engine painted {edited.size} where {self.image.size} was asked for")
        return scaled(edited, self.size, self.frame)


def fit(
    image: Image.Image, buckets: Sequence[tuple[int, int]], size: tuple[int, int] | None = None
) -> Fitted:
    """The image (RGB or RGBA) at a size that the engine paints; without buckets at its own size.

    A `size` of another ratio shows the whole image between bands of the median colour of its border. The
    median, unlike the mean, stays white where the product touches an edge of a white image. The padding
    that `restore` crops repeats the edge pixels instead, because the model could take a seam for a frame
    and paint that into the image.

    Rejected: image_too_small. `check_limits` comes before, for ratios that no size of the engine shows.
    """
    check_sides(image.size)
    if not buckets:
        return InPlace(image=image, size=size)
    target = size or image.size
    bucket = min(buckets, key=lambda each: abs(math.log(each[0] * target[1] / (each[1] * target[0]))))
    inner = inside(target, bucket)
    shown = scaled(image, inner) if size is None else letterboxed(image, inner)
    left, top = _centred(inner, bucket)
    frame = (left, top, left + inner[0], top + inner[1])
    return InBucket(image=_extended(shown, bucket, frame), frame=frame, size=target)


def check_sides(size: tuple[int, int]) -> None:
    if min(size) < MIN_SIDE:
        raise Rejected(
            f"the picture is {size[0]:,} x {size[1]:,} pixels and each side needs at least {MIN_SIDE}: "
            "give a larger one",
            code="image_too_small",
        )


def letterboxed(
    image: Image.Image, size: tuple[int, int], bands: tuple[float, ...] | float | None = None
) -> Image.Image:
    """The whole image at exactly this size, never stretched, between bands of a colour.

    Without `bands` they have the median colour of the border of the image, or are transparent as that is.
    """
    inner = inside(image.size, size)
    # A band thinner than one pixel of the image comes from rounding: scale to fill it.
    pixel = max(1.0, max(inner) / max(image.size))
    if max(size[0] - inner[0], size[1] - inner[1]) <= pixel:
        return scaled(image, size)
    shown = scaled(image, inner)
    canvas = Image.new(shown.mode, size, _border_colour(shown) if bands is None else bands)
    canvas.paste(shown, _centred(inner, size))
    return canvas


def _extended(image: Image.Image, size: tuple[int, int], frame: tuple[int, int, int, int]) -> Image.Image:
    """The image at `frame` of a canvas, its edge pixels repeated to the edges of the canvas."""
    if image.size == size:
        return image
    left, top, right, bottom = frame
    width, height = size
    canvas = Image.new(image.mode, size)
    canvas.paste(image, (left, top))
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


def _border_colour(image: Image.Image) -> tuple[int, ...]:
    width, height = image.size
    strip = Image.new(image.mode, (2 * (width + height), 1))
    strip.paste(image.crop((0, 0, width, 1)), (0, 0))
    strip.paste(image.crop((0, height - 1, width, height)), (width, 0))
    sides = image.transpose(Image.Transpose.TRANSPOSE)
    strip.paste(sides.crop((0, 0, height, 1)), (2 * width, 0))
    strip.paste(sides.crop((0, width - 1, height, width)), (2 * width + height, 0))
    colour = tuple(round(value) for value in ImageStat.Stat(strip).median)
    # A shadow at the border is not continued: its colours are not those of what lies under it.
    return (255, 255, 255, 0) if image.mode == "RGBA" and colour[3] < _OPAQUE else colour


def inside(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the ratio of `size` within `room`, to the nearest pixel."""
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = (max(1, round(side * scale)) for side in size)
    return min(width, room[0]), min(height, room[1])


def _centred(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    return (room[0] - size[0]) // 2, (room[1] - size[1]) // 2
