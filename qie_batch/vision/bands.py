"""Bands of rows, in which large images are computed, and the columns of a band that need it.

A result must not depend on the division into bands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.vision.arrays import Flags, Floats

#: Rows of a band, without its overlap.
BAND = 192
#: Pixels of a strip: its float copies stay within a few megabytes.
_STRIP = 1 << 17


def bands(height: int, band: int) -> Iterator[tuple[int, int]]:
    """First row and end of each band."""
    for first in range(0, height, band):
        yield first, min(first + band, height)


def strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """The rows of an image of this shape, from top to bottom, a strip at a time."""
    height, width = shape[:2]
    for first, end in bands(height, max(1, _STRIP // width)):
        yield slice(first, end)


def enlarged(small: Floats, size: tuple[int, int], first: int, last: int) -> Floats:
    """Rows `first` to `last` of `small` enlarged to `size` (width, height), the same in every division."""
    width, height = size
    rows = _between(small, height, first, last)
    wide: Floats = cv2.resize(rows, (width, last - first), interpolation=cv2.INTER_LINEAR)
    return wide


def enlarged_part(small: Floats, size: tuple[int, int], rows: slice, columns: slice) -> Floats:
    """As `enlarged`, for few columns."""
    width, height = size
    part = _between(small, height, rows.start, rows.stop).swapaxes(0, 1)
    return _between(part, width, columns.start, columns.stop).swapaxes(0, 1)


def _between(small: Floats, height: int, first: int, last: int) -> Floats:
    """Rows of `small` enlarged to `height`, by linear interpolation."""
    at = np.clip((np.arange(first, last) + 0.5) * (len(small) / height) - 0.5, 0, len(small) - 1)
    above = at.astype(np.intp)
    weight = (at - above).astype(np.float32).reshape(-1, *[1] * (small.ndim - 1))
    rows: Floats = small[above] * (1 - weight) + small[np.minimum(above + 1, len(small) - 1)] * weight
    return rows


def runs(wanted: Flags, margin: int) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of columns within `margin` of a wanted one."""
    if margin:
        kernel = np.ones((1, 2 * margin + 1), np.uint8)
        wanted = cv2.dilate(wanted.astype(np.uint8)[None], kernel)[0] > 0
    steps = np.flatnonzero(np.diff(wanted.astype(np.int8), prepend=0, append=0))
    yield from zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
