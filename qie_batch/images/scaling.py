"""Scales images, with colours that are weighted by their alpha."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Left, top, right, bottom in pixels of the image.
Box: TypeAlias = tuple[float, float, float, float]

#: Pixels of the larger of image and result that are scaled at a time, to bound the memory.
_STRIP = 1 << 22
#: The radius of the Lanczos kernel in pixels of the smaller of image and result.
_REACH = 3


def scaled(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[int, int, int, int] | None = None,
    *,
    enlarge: Image.Resampling = Image.Resampling.BICUBIC,
) -> Image.Image:
    """The image, or the part of it in the box, at this size.

    Lanczos to shrink; bicubic to enlarge unless said, because that rings less at edges on white.
    """
    left, top, right, bottom = box or (0, 0, *image.size)
    if (right - left, bottom - top) == size:
        return image.crop((left, top, right, bottom)) if box else image
    enlarges = size[0] * size[1] > (right - left) * (bottom - top)
    resampling = enlarge if enlarges else Image.Resampling.LANCZOS
    if image.mode != "RGBA":
        return image.resize(size, resampling, box=(left, top, right, bottom))
    return _with_alpha(image, size, (left, top, right, bottom), resampling)


def _with_alpha(
    image: Image.Image, size: tuple[int, int], box: Box, resampling: Image.Resampling
) -> Image.Image:
    left, top, right, bottom = box
    scale = (bottom - top) / size[1]
    rows = max(1, int(_STRIP / max(size[0], scale * image.width)))
    reach = math.ceil(_REACH * max(1, scale)) + 1
    out = Image.new("RGBA", size)
    for first in range(0, size[1], rows):
        end = min(size[1], first + rows)
        start, stop = top + first * scale, min(bottom, top + end * scale)
        above = max(0, math.floor(start) - reach)
        strip = image.crop((0, above, image.width, min(image.height, math.ceil(stop) + reach)))
        part = (left, start - above, right, stop - above)
        out.paste(_weighted(strip, (size[0], end - first), part, resampling), (0, first))
    return out


def _weighted(
    image: Image.Image, size: tuple[int, int], box: Box, resampling: Image.Resampling
) -> Image.Image:
    """All are floats until the division: overshoot at an edge, clipped in alpha alone, would be a rim."""
    import numpy as np  # noqa: PLC0415 - needed only by processes that edit

    def resized(plane: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(Image.fromarray(plane).resize(size, resampling, box=box))

    pixels = np.asarray(image)
    weight = pixels[..., 3].astype(np.float32)
    cover = resized(weight)
    layers = np.empty((*cover.shape, 4), np.uint8)
    layers[..., 3] = np.clip(np.rint(cover), 0, 255)
    # Below one half, alpha is rounded to 0 and no colour shows.
    cover = np.maximum(cover, 0.5)
    for channel in range(3):
        colours = resized(pixels[..., channel] * weight) / cover
        layers[..., channel] = np.clip(np.rint(colours), 0, 255)
    return Image.fromarray(layers)
