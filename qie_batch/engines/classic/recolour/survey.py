"""The small copy of an image in which a recolour is decided, and the hues in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.colours import HueFamily
    from qie_batch.vision.arrays import Flags, Floats, Pixels


#: Pixels of the longer side of the copy.
_SIDE = 800
#: Lab chroma from which a pixel has a hue that a person would name.
CHROMATIC = 12.0
#: Lab units a pixel, across the hue and along it, from which there is an edge.
_HUE_EDGE, _CHROMA_EDGE = 2.5, 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """An image of at most 800 pixels a side."""

    rgb: Pixels
    #: OpenCV's Lab: L of 0 to 100, a and b around 0.
    lab: Floats
    #: HSV hue in degrees; noise where chroma is low.
    hue: Floats
    #: Lab chroma, and Lab hue in degrees.
    chroma: Floats
    angle: Floats
    #: False where alpha hides the pixel.
    valid: Flags
    #: Where hue or chroma jumps, and the pixels beside.
    edges: Flags

    def away(self, family: HueFamily) -> Floats:
        """Degrees outside of the family's arc; 0 inside."""
        distance: Floats = np.maximum(self._turned(family) - (family.last - family.first) / 2, 0)
        return distance

    def off_middle(self, family: HueFamily) -> Floats:
        """Distance from the middle of the family's arc, 1 at its ends."""
        distance: Floats = self._turned(family) / (family.last - family.first) * 2
        return distance

    def _turned(self, family: HueFamily) -> Floats:
        turned: Floats = np.abs((self.hue - (family.first + family.last) / 2 + 180) % 360 - 180)
        return turned


def dilated(flags: Flags, side: int) -> Flags:
    """With all pixels in a square of `side` pixels around each."""
    wide: Flags = cv2.dilate(flags.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return wide


def surveyed(rgb: Pixels, alpha: Pixels | None) -> Survey:
    """Colours under alpha 0 do not count, neither alone nor in a mean."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    valid = np.ones(size[::-1], bool)
    if alpha is None:
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    else:
        shown = (alpha > 0).astype(np.uint8)
        share = cv2.resize(shown * np.uint8(255), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        seen = cv2.resize(cv2.bitwise_and(rgb, rgb, mask=shown), size, interpolation=cv2.INTER_AREA)
        small = np.clip(np.round(seen / np.maximum(share, 0.05)[..., None]), 0, 255).astype(np.uint8)
        valid = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 25
    unit = small.astype(np.float32) / 255
    lab = cv2.cvtColor(unit, cv2.COLOR_RGB2LAB)
    hue = cv2.cvtColor(cv2.GaussianBlur(unit, (3, 3), 0), cv2.COLOR_RGB2HSV)[..., 0]
    return Survey(
        rgb=small,
        lab=lab,
        hue=hue,
        chroma=np.hypot(lab[..., 1], lab[..., 2]),
        angle=np.degrees(np.arctan2(lab[..., 2], lab[..., 1])),
        valid=valid,
        edges=_edges(lab),
    )


def _edges(lab: Floats) -> Flags:
    """Where hue or chroma jumps; light and shadow alone make no edge."""
    blurred = cv2.GaussianBlur(lab, (3, 3), 0)
    a, b = blurred[..., 1], blurred[..., 2]
    chroma = np.maximum(np.hypot(a, b), 1)
    across, along = np.zeros_like(a), np.zeros_like(a)
    for dx, dy in ((1, 0), (0, 1)):
        da, db = (cv2.Sobel(each, cv2.CV_32F, dx, dy) / 8 for each in (a, b))
        across += ((a * db - b * da) / chroma) ** 2
        along += ((a * da + b * db) / chroma) ** 2
    edges = (across > _HUE_EDGE**2) | (along > _CHROMA_EDGE**2)
    return dilated(edges, 3)
