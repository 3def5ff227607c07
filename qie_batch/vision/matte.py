"""A small mask at the size of the image, its edge aligned with the edge in the image.

Sums are of integers, so that the result does not depend on the division into bands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.bands import BAND, bands, enlarged, runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.vision.arrays import Flags, Floats, Pixels

#: The variance of the guide, in levels, below which the mask is smoothed and not aligned.
_FLAT = 4e-4 * 255 * 255
#: Fixed point of the filter's slope and offset, within 16 bits: a slope is under 12.5, an offset under 3,500.
_SLOPE, _OFFSET = 1024.0, 8.0
#: The filter's output that is wholly backdrop, and wholly product.
_OUTSIDE, _INSIDE = 0.22 * 255, 0.84 * 255


def refined(pixels: Pixels, mask: Floats, *, band: int = BAND) -> Pixels:
    """The mask (0 to 1, of any size) at the size of `pixels`, 0 to 255, refined by a guided filter."""
    height, width = pixels.shape[:2]
    alpha = np.empty((height, width), np.uint8)
    radius = round(1.5 * max(1.0, width / mask.shape[1]) + 1)
    for first, last in bands(height, band):
        top, bottom = max(0, first - 2 * radius), min(height, last + 2 * radius)
        wide = _levels(enlarged(mask, (width, height), top, bottom))
        alpha[first:last] = wide[first - top : last - top]
        for left, right in runs(_mixed(wide), 2 * radius):
            start, end = max(0, left - 2 * radius), min(width, right + 2 * radius)
            guide = cv2.cvtColor(pixels[top:bottom, start:end], cv2.COLOR_RGB2GRAY)
            fine = _guided(guide, wide[:, start:end], radius)
            alpha[first:last, left:right] = fine[first - top : last - top, left - start : right - start]
    return alpha


def _levels(share: Floats) -> Pixels:
    levels: Pixels = cv2.convertScaleAbs(share, alpha=255)
    return levels


def _mixed(wide: Pixels) -> Flags:
    """The columns that are not, with their neighbours, wholly product or wholly backdrop."""
    least, most = wide.min(axis=0), wide.max(axis=0)
    mixed: Flags = (most > 0) & (least < 255)
    mixed[1:] |= most[1:] != most[:-1]
    return mixed


def _guided(guide: Pixels, wide: Pixels, radius: int) -> Pixels:
    """The guided filter of He, Sun and Tang with a grey guide, stretched to 0 and 255."""
    side = (2 * radius + 1,) * 2
    scale = np.float32(1 / (side[0] * side[1]))

    def mean(values: NDArray[np.generic]) -> Floats:
        total: Floats = cv2.boxFilter(values, cv2.CV_32F, side, normalize=False)
        return total * scale

    mean_guide, mean_mask = mean(guide), mean(wide)
    slope: Floats = mean(cv2.multiply(guide, wide, dtype=cv2.CV_16U)) - mean_guide * mean_mask
    slope /= mean(cv2.multiply(guide, guide, dtype=cv2.CV_16U)) - mean_guide * mean_guide + _FLAT
    offset: Floats = mean_mask - slope * mean_guide
    slope = mean(np.rint(slope * _SLOPE).astype(np.int16)) * np.float32(1 / _SLOPE)
    offset = mean(np.rint(offset * _OFFSET).astype(np.int16)) * np.float32(1 / _OFFSET)
    fine = (slope * guide + offset - _OUTSIDE) * (255 / (_INSIDE - _OUTSIDE))
    levels: Pixels = np.rint(np.clip(fine, 0, 255)).astype(np.uint8)
    return levels
