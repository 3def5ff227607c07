"""Paints a selection in a new colour at the size of the image, in strips of rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from qie_batch.vision.bands import enlarged, strips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.engines.classic.recolour.selection import Selection
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Floats, Pixels

#: Lab lightness of the brightest and the darkest middle tone: folds need room on both sides.
_BRIGHTEST, _DARKEST = 93.0, 16.0
#: By how much contrast and noise of dark originals may grow.
_MOST_CONTRAST = 1.4
#: A smaller part of a change is not seen.
_NOTHING = 0.004
#: A multiple of the numbers that a processor handles at once.
_VECTOR = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    """One colour change: where, from which colours, to which."""

    #: In the small copy, 0 to 1.
    place: Floats
    #: In the small copy, (height, width, 2): the direction of the selected colour around a pixel.
    direction: Floats
    #: Knots of the curve from old to new lightness.
    lightness: tuple[Sequence[float], Sequence[float]]
    #: Lightness and chroma in the middle of what is selected, and the new colour in Lab.
    middle: tuple[float, float]
    aim: tuple[float, float, float]

    @classmethod
    def of(cls, survey: Survey, selection: Selection, rgb: tuple[int, int, int]) -> Self:
        goal = cv2.cvtColor(np.array([[rgb]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
        aim = (float(np.clip(goal[0], _DARKEST, _BRIGHTEST)), float(goal[1]), float(goal[2]))
        light = survey.lab[..., 0][selection.flags]
        low, middle, high = (float(each) for each in np.percentile(light, [3, 50, 97]))
        chroma = float(np.median(survey.chroma[selection.flags]))
        near = cv2.dilate(selection.flags.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        place = cv2.GaussianBlur((near & ~selection.barred).astype(np.float32), (3, 3), 0)
        return cls(
            place=place,
            direction=_direction(survey, selection),
            lightness=_curve(low, middle, high, aim[0]),
            middle=(middle, chroma),
            aim=aim,
        )


def painted(pixels: Pixels, coats: Sequence[Coat]) -> Pixels:
    """A copy with every coat; where two overlap, the first counts."""
    height, width = pixels.shape[:2]
    out = pixels.copy()
    for rows in strips(pixels.shape):
        _paint(out[rows], coats, (width, height), rows.start)
    return out


def _paint(pixels: Pixels, coats: Sequence[Coat], size: tuple[int, int], top: int) -> None:
    """Paints the rows from `top` on of an image of `size` (width, height) in place."""
    bottom = top + len(pixels)
    places = [enlarged(coat.place, size, top, bottom).ravel() for coat in coats]
    found = np.flatnonzero(np.maximum.reduce(places) > _NOTHING)
    if not found.size:
        return
    # OpenCV is slow with short rows, and rounds whole vectors differently from the rest of a row.
    found = np.append(found, np.repeat(found[-1:], -found.size % _VECTOR))
    strip = pixels.reshape(-1, 3)
    old = np.take(strip, found, axis=0)[None].astype(np.float32) * np.float32(1 / 255)
    lab = np.moveaxis(cv2.cvtColor(old, cv2.COLOR_RGB2LAB)[0], -1, 0).copy()
    change, free = np.zeros_like(lab), np.ones(lab.shape[1], np.float32)
    for coat, place in zip(coats, places, strict=True):
        rows = enlarged(coat.direction, size, top, bottom).reshape(-1, 2)
        direction = np.take(rows, found, axis=0).T.copy()
        weight = np.minimum(place[found], free) * _likeness(lab, direction)
        change += _shift(lab, direction, coat) * weight
        free -= weight
    lab += change
    new = cv2.cvtColor(np.moveaxis(lab, 0, -1)[None].copy(), cv2.COLOR_LAB2RGB)
    strip[found] = cv2.convertScaleAbs(np.clip(new[0], 0, 1), alpha=255)


def _curve(low: float, middle: float, high: float, aim: float) -> tuple[list[float], list[float]]:
    """Keeps contrast around the middle, limits it for dark originals, and leaves room at both ends."""
    middle = float(np.clip(middle, 3, 97))
    low, high = min(low, middle - 1), max(high, middle + 1)
    slope = float(np.clip(aim / middle, 0.45, _MOST_CONTRAST))
    lower = max(aim - slope * (middle - low), 0.25 * aim)
    upper = min(aim + min(slope, 1.0) * (high - middle), aim + 0.75 * (100 - aim))
    if high >= 99:
        return [0, low, middle, 100], [max(0.0, lower - 3 * max(low, 0)), lower, aim, upper]
    return [0, low, middle, high, 100], [max(0.0, lower - 3 * max(low, 0)), lower, aim, upper, 100]


def _direction(survey: Survey, selection: Selection) -> Floats:
    """Unit vectors in the plane of a and b, each the mean of the selected colours around."""
    weight = selection.flags.astype(np.float32) * np.minimum(survey.chroma, 40)
    unit = survey.lab[..., 1:] / np.maximum(survey.chroma, 1e-3)[..., None]
    core = unit[selection.core].mean(axis=0)
    near = cv2.GaussianBlur(unit * weight[..., None], (0, 0), 6) + core * 0.5
    direction: Floats = near / np.maximum(np.hypot(near[..., 0], near[..., 1]), 1e-6)[..., None]
    return direction.astype(np.float32)


def _likeness(lab: Floats, direction: Floats) -> Floats:
    """1 for the hue of the direction, 0 from about 30 degrees beside it; a faint colour is like any."""
    _light, a, b = lab
    along = np.maximum(a * direction[0] + b * direction[1], 0)
    across = np.abs(a * direction[1] - b * direction[0])
    free = 3 + 7 * _darkness(lab)
    likeness: Floats = np.clip(1 - (across - free - 0.36 * along) / (3 + 0.25 * along), 0, 1)
    return likeness


def _darkness(lab: Floats) -> Floats:
    """1 for lightness below 8, where no hue can be trusted, to 0 from 24 on."""
    darkness: Floats = np.clip((24 - lab[0]) * (1 / 16), 0, 1)
    return darkness


def _shift(lab: Floats, direction: Floats, coat: Coat) -> Floats:
    """What to add to Lab: body colour changes wholly, a highlight or mixed edge by its part of it."""
    light, chroma = coat.middle
    old, a, b = lab
    own = np.sqrt(a * a + b * b)
    along = np.maximum(a * direction[0] + b * direction[1], own * _darkness(lab))
    expected = chroma * np.clip(old / light, 0.25, 1)
    # A dull colour is noisy: most of its pixels count as wholly covered by it.
    whole = float(np.clip(0.5 + chroma / 130, 0.55, 0.8))
    body = np.clip(along / (whole * expected), 0, 1)
    curved = body * (_interpolated(old, *coat.lightness) - old)
    new = old + curved
    # Shadows lose chroma with their light, highlights on the way to white.
    aim = coat.aim
    shade = np.minimum(new / aim[0], 1 - 0.8 * (new - aim[0]) / max(100 - aim[0], 1))
    strength = body * np.clip(shade, 0, 1)
    shift = np.stack([curved, aim[1] * strength - a, aim[2] * strength - b])
    shift *= np.clip((own - 2) / 2.5, 0, 1)
    return shift


def _interpolated(light: Floats, knots: Sequence[float], values: Sequence[float]) -> Floats:
    """numpy.interp in single precision, for lightness from the first knot on."""
    curve = np.full_like(light, values[0])
    for (start, end), (low, high) in zip(pairwise(knots), pairwise(values), strict=True):
        if end > start:
            curve += np.clip(light - start, 0, end - start) * ((high - low) / (end - start))
    return curve
