"""Highlights or shadows that lost their detail, plain black areas, and images of one colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Pixels

#: Levels at the ends of the scale, and the deviation of a small surrounding from which it has detail.
_WHITE, _BLACK, _DETAIL = 254, 1, 3.0
#: Levels within which pixels have one colour, and the luma from which an input was not black.
_ALIKE, _NOT_BLACK = 6, 24
#: Pixels of the longer side of a black area's least square, as a share of the image's side.
_AREA = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipped:
    #: By how much the share of plain white, or black, pixels rose.
    rise: float
    #: The share of the input's detail that became so.
    lost: float


def clipped(before: Pixels, after: Pixels, *, white: bool) -> Clipped:
    """Of two images whose pixels are in the same places."""
    end = _at_end(after, white=white)
    rise = float(end.mean() - _at_end(before, white=white).mean())
    detailed = _detailed(before)
    lost = float((end & detailed).mean()) / max(1e-3, float(detailed.mean()))
    return Clipped(rise=max(0.0, rise), lost=lost)


def new_black(before: Pixels, after: Pixels, *, in_place: bool) -> float:
    """The share of the image that is plain black in areas, and was not; in all, where things may move."""
    areas = _black_areas(after, _BLACK)
    new = float((areas & (before > _NOT_BLACK)).mean())
    if in_place:
        return new
    return max(0.0, min(new, float(areas.mean() - _black_areas(before, _NOT_BLACK).mean())))


def _black_areas(luma: Pixels, level: int) -> Flags:
    side = max(8, round(_AREA * max(luma.shape)))
    black = (luma <= level).astype(np.uint8)
    areas: Flags = cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0
    return areas


def other_than_one_colour(pixels: Pixels) -> float:
    """The share of pixels that have not the image's most usual colour; `pixels` are RGB."""
    middle = np.median(pixels.reshape(-1, 3), axis=0)
    return float((np.abs(pixels - middle).max(axis=2) > _ALIKE).mean())


def _at_end(luma: Pixels, *, white: bool) -> Flags:
    flags: Flags = luma >= _WHITE if white else luma <= _BLACK
    return flags


def _detailed(luma: Pixels) -> Flags:
    values = luma.astype(np.float32)
    mean = cv2.blur(values, (7, 7))
    flags: Flags = cv2.blur(values * values, (7, 7)) - mean * mean > _DETAIL**2
    return flags
