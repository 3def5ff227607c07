"""The upright frame of a line of text: a patch of the image in which the line runs from left to right."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels
    from qie_batch.vision.ocr.lines import TextLine

#: Text of fewer pixels in height is enlarged, at most so many times; turned text is enlarged at least twice.
_LEAST_HEIGHT, _MOST_ENLARGED = 60, 3
#: Degrees below which a line may be level in truth.
_NEARLY_LEVEL = 2.5
#: What a tightened frame loses at each side, in units of the line's height.
_TIGHTER = 0.12
#: Free pixels around the line, in units of its height.
_ABOVE, _BESIDE = 0.5, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a line stands. In its patch, (0, 0) is `origin` before the rotation."""

    centre: tuple[float, float]
    #: Clockwise degrees from the level; and as they were read, where these may be an error of measurement.
    angle: float
    read: float
    #: Of the line, in pixels of the image.
    width: float
    height: float
    #: Pixels of the patch for one of the image.
    scale: int
    #: Pixels of the image beside the line and above it that the patch has.
    beside: float
    above: float
    #: Whether it is smaller than the rectangle that was read.
    tight: bool = False

    @classmethod
    def of(cls, line: TextLine) -> Self:
        corners = np.asarray(line.polygon, np.float64)
        across = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
        down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
        width, height = float(np.hypot(*across)), float(np.hypot(*down))
        angle = math.degrees(math.atan2(across[1], across[0]))
        level = abs(angle) < _NEARLY_LEVEL
        x, y = corners.mean(axis=0)
        return cls(
            centre=(float(x), float(y)),
            angle=0.0 if level else angle,
            read=angle,
            width=width,
            height=height,
            scale=_scale(height, turned=not level),
            beside=_BESIDE * height + width / 2,
            above=_ABOVE * height,
        )

    def turned(self, degrees: float) -> Self:
        """The frame with another angle."""
        return replace(self, angle=degrees, read=degrees, scale=_scale(self.height, turned=degrees != 0))

    def narrowed(self, start: float, end: float) -> Self:
        """The frame of the part of the line between two places along it."""
        middle, radians = (start + end - self.width) / 2, math.radians(self.angle)
        x, y = self.centre
        centre = (x + middle * math.cos(radians), y + middle * math.sin(radians))
        return replace(self, centre=centre, width=end - start)

    def tightened(self) -> Self:
        """The frame of a smaller rectangle around the line, for letters on a label of just their size."""
        less = _TIGHTER * self.height
        return replace(
            self,
            width=self.width - 2 * less,
            height=self.height - 2 * less,
            beside=self.beside + less,
            above=self.above + less,
            tight=True,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the patch."""
        return (
            math.ceil((self.width + 2 * self.beside) * self.scale),
            math.ceil((self.height + 2 * self.above) * self.scale),
        )

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the line in the patch."""
        left, top = round(self.beside * self.scale), round(self.above * self.scale)
        return left, top, left + round(self.width * self.scale), top + round(self.height * self.scale)

    @property
    def matrix(self) -> Floats:
        """(2, 3): from the image to the patch. A level frame moves by whole pixels."""
        radians, (x, y) = math.radians(self.angle), self.centre
        cos, sin = math.cos(radians), math.sin(radians)
        left, top = self.width / 2 + self.beside, self.height / 2 + self.above
        if not self.angle:
            left, top = x - math.floor(x - left), y - math.floor(y - top)
        turn = np.array([[cos, sin], [-sin, cos]])
        move = np.array([left, top]) - turn @ np.array([x, y])
        whole = np.hstack([turn, move[:, None]]) * self.scale
        whole[:, 2] += (self.scale - 1) / 2
        return whole

    def patch(self, pixels: Pixels) -> tuple[Floats, Flags]:
        """(height, width, 3) of the patch, and which of its pixels are in the image."""
        flags = cv2.INTER_CUBIC
        patch = cv2.warpAffine(pixels, self.matrix, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        inside = np.full(pixels.shape[:2], 255, np.uint8)
        valid = cv2.warpAffine(inside, self.matrix, self.size, flags=cv2.INTER_NEAREST) > 0
        return patch.astype(np.float32), valid

    def back(self, layer: Floats, shape: tuple[int, int]) -> Floats:
        """A layer of the patch in an image of this height and width, 0 outside of the patch."""
        if self.scale > 1:
            layer = cv2.GaussianBlur(layer, (0, 0), 0.35 * self.scale)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if self.scale == 1 and not self.angle:
            flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        back: Floats = cv2.warpAffine(layer, self._inverse, shape[::-1], flags=flags)
        return back

    @property
    def _inverse(self) -> Floats:
        """From the image to the patch, as `WARP_INVERSE_MAP` asks for it."""
        return self.matrix


def _scale(height: float, *, turned: bool) -> int:
    enlarged = math.ceil(_LEAST_HEIGHT / max(height, 1.0))
    return min(_MOST_ENLARGED, max(enlarged, 2 if turned else 1))


def levelled(mask: Floats) -> float:
    """Clockwise degrees by which the letters of a patch still slope, from -2.5 to 2.5.

    Letters in a level line fill their rows most unevenly.
    """
    rows, columns = np.nonzero(mask > 0.5)
    if rows.size < 50:
        return 0.0
    down, across = rows - rows.mean(), columns - columns.mean()
    angles = np.linspace(-_NEARLY_LEVEL, _NEARLY_LEVEL, 51)
    scores = [_unevenness(down * math.cos(r) - across * math.sin(r)) for r in np.radians(angles)]
    best = int(np.argmax(scores))
    return float(angles[best])


def _unevenness(rows: Floats) -> float:
    counts, _ = np.histogram(rows, bins=np.arange(math.floor(rows.min()), math.ceil(rows.max()) + 2))
    smooth = np.convolve(counts, [0.25, 0.5, 0.25])
    return float((smooth * smooth).sum())
