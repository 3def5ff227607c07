"""A straight step from side to side of the image, as tiles that were painted one by one leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels

#: Parts into which a line is divided, and in how many of them an object may hide the step.
_PARTS, _HIDDEN = 12, 3
#: Levels of one pixel's step that count: a seam is a small step everywhere, an object's edge a large one.
_STEP = 16
#: The factor by which an edit may strengthen a line that the input has.
_STRONGER = 2.5
#: Lines within which the input may have the same step.
_NEAR = 3
#: The step as a multiple of that which a tenth of the lines have.
_UNUSUAL = 3.0
#: Lines at the border of the image that are not looked at.
_BORDER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    #: Levels.
    step: float
    #: Row or column behind the step.
    at: int
    #: Whether it runs from top to bottom.
    upright: bool


def find_seam(before: Pixels, after: Pixels) -> Seam:
    """The strongest seam that the input has not in the same place, with step 0 for none."""
    seams = [
        _strongest(first, second, upright=upright)
        for upright, first, second in (
            (True, before, after),
            (False, cv2.transpose(before), cv2.transpose(after)),
        )
    ]
    return max(seams, key=lambda seam: seam.step)


def _strongest(before: Pixels, after: Pixels, *, upright: bool) -> Seam:
    if after.shape[1] <= 4 * _BORDER:
        return Seam(step=0.0, at=0, upright=upright)
    known = _steps(before)
    common = _common(_without(_steps(after), known))
    lines = cv2.dilate(_common(known)[None], np.ones((1, 2 * _NEAR + 1), np.uint8))[0]
    common[common < (_STRONGER - 1) * lines] = 0
    common[common < _UNUSUAL * np.quantile(common, 0.9)] = 0
    at = int(common.argmax())
    return Seam(step=float(common[at]), at=at + 1, upright=upright)


def _steps(luma: Pixels) -> Floats:
    """(parts, columns - 1): the mean step from each column to the next, beyond that of its neighbours."""
    apart = cv2.subtract(luma[:, 1:], luma[:, :-1], dtype=cv2.CV_16S)
    np.clip(apart, -_STEP, _STEP, out=apart)
    parts = np.array_split(apart, _PARTS)
    means = np.stack([part.mean(axis=0, dtype=np.float32) for part in parts if len(part)])
    kernel = np.array([[-0.25, -0.25, 1, -0.25, -0.25]], np.float32)
    steps: Floats = cv2.filter2D(means, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
    steps[:, :_BORDER] = steps[:, -_BORDER:] = 0
    return steps


def _without(steps: Floats, known: Floats) -> Floats:
    """The steps less what the input has in the same direction nearby."""
    kernel = np.ones((1, 2 * _NEAR + 1), np.uint8)
    up, down = np.maximum(cv2.dilate(known, kernel), 0), np.minimum(cv2.erode(known, kernel), 0)
    left: Floats = np.maximum(steps - up, 0) + np.minimum(steps - down, 0)
    return left


def _common(steps: Floats) -> Floats:
    """The step that all parts of a line but `_HIDDEN` have at least, in one direction."""
    common: Floats = np.sort(steps, axis=0)[_HIDDEN]
    other = np.sort(-steps, axis=0)[_HIDDEN]
    both: Floats = np.maximum(np.maximum(common, other), 0)
    return both
