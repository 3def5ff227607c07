"""Finds the box of what an image shows besides its margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.geometry.margins import CLEAR, margin_of, unlike

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Box, Canvas, Cutter
    from qie_batch.vision.arrays import Flags
    from qie_batch.vision.cutout import Cutout

#: Light of a backdrop under which its shadow is visible.
_SHADOW = 0.94


def content_box(canvas: Canvas, cut: Cutter) -> Box | None:
    """The box of product and shadow; None where there is nothing but margin.

    By alpha where it is transparent somewhere, else by a border of one colour, else by the product mask or
    the cut-out; Rejected (background_not_plain, product_not_found) where that fails.
    """
    if canvas.alpha is not None and int(canvas.alpha.min()) <= CLEAR:
        return _box(canvas.alpha > 0)
    margin = margin_of(canvas)
    if margin.exact:
        return _box(unlike(canvas.rgb, margin.rgba), least=2)
    if canvas.product is not None:
        return _box(canvas.product > CLEAR)
    return _cut_box(cut(canvas.rgb), canvas.size)


def _box(content: Flags, least: int = 1) -> Box | None:
    """Around the rows and columns with at least so many pixels of content; one pixel alone may be dust."""
    height, width = content.shape
    columns = np.flatnonzero(np.count_nonzero(content, axis=0) >= min(least, height))
    rows = np.flatnonzero(np.count_nonzero(content, axis=1) >= min(least, width))
    if not len(columns) or not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _cut_box(cutout: Cutout, size: tuple[int, int]) -> Box | None:
    """The box at full size, rounded outwards from the pixels of the small copy."""
    height, width = cutout.mask.shape[:2]
    shade = cv2.resize(cutout.shade, (width, height), interpolation=cv2.INTER_AREA)
    box = _box((cutout.mask > 0.5) | (shade < _SHADOW), least=2)
    if box is None:
        return None
    across, down = size[0] / width, size[1] / height
    left, top, right, bottom = box
    return (
        math.floor(left * across),
        math.floor(top * down),
        min(size[0], math.ceil(right * across)),
        min(size[1], math.ceil(bottom * down)),
    )
