"""Draws a text in the weight of another one: its outline is moved in or out by its distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from qie_batch.engines.classic.lettering.typesetting import face_of, load_font
from qie_batch.engines.classic.rewriting.ink import stroke_of

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats

#: Drawn so many times as large.
_FINE = 4
_MEASURED_AT = 100
#: Widths of a stroke that the outline may reach, in those of the font: it is bold, and thin strokes vanish.
_LEAST_WEIGHT, _MOST_WEIGHT = 0.45, 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Of the ink of a text on its baseline at (0, 0), in units of the font's size; up is negative."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@lru_cache(maxsize=256)
def extent(text: str) -> Extent:
    box = load_font(face_of(text)).font_variant(size=_MEASURED_AT).getbbox(text, anchor="ls")
    left, top, right, bottom = (float(value) / _MEASURED_AT for value in box)
    return Extent(left=left, top=top, right=right, bottom=bottom)


@lru_cache(maxsize=64)
def usual_stroke(text: str) -> float:
    """Width of a stroke of the font, in units of its size."""
    cover, _ = drawn(text, _MEASURED_AT)
    return stroke_of(cover) / _MEASURED_AT


def drawn(
    text: str, size: float, *, weight: float = 1.0, narrow: float = 1.0
) -> tuple[Floats, tuple[int, int]]:
    """The coverage, and where its left end of the baseline is in it, x and y.

    `weight` is the width of a stroke in those of the font, `narrow` a factor of the widths.
    """
    own, pad = extent(text), 2 * _FINE
    left, top = int(-own.left * size + pad) + 1, int(-own.top * size + pad) + 1
    wide, tall = int(own.right * size * narrow + pad) + left + 1, int(own.bottom * size + pad) + top + 1
    fine = Image.new("L", (int(wide / narrow + 1) * _FINE, tall * _FINE))
    font = load_font(face_of(text)).font_variant(size=size * _FINE)
    ImageDraw.Draw(fine).text((left * _FINE / narrow, top * _FINE), text, font=font, fill=255, anchor="ls")
    pixels = cv2.resize(np.asarray(fine), (wide * _FINE, tall * _FINE), interpolation=cv2.INTER_AREA)
    solid = (pixels > 127).astype(np.uint8)
    inner = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    outer = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5)
    factor = float(np.clip(weight, _LEAST_WEIGHT, _MOST_WEIGHT))
    moved = (factor - 1) * usual_stroke(text) * size * _FINE / 2 if factor != 1 else 0.0
    cover = np.clip(inner - outer + moved + 0.5, 0, 1).astype(np.float32)
    return cv2.resize(cover, (wide, tall), interpolation=cv2.INTER_AREA), (left, top)
