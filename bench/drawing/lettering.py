"""Letters in the font that the package brings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drawing.canvas import Canvas, linear
from drawing.outlines import SAMPLES, Array

_FONT = next(Path(__file__).parents[2].glob("qie_batch/**/QieSans-Bold.ttc"))


def letters(canvas: Canvas, words: str, x: float, y: float, size: float, anchor: str = "mm") -> Array:
    """The mask of the words; `anchor` as Pillow has it."""
    page = Image.new("L", (canvas.shape[1], canvas.shape[0]))
    font = ImageFont.truetype(str(_FONT), round(size * SAMPLES), index=0)
    ImageDraw.Draw(page).text((x * SAMPLES, y * SAMPLES), words, fill=255, font=font, anchor=anchor)
    return np.asarray(page, np.float32) / 255


def spaced(canvas: Canvas, words: str, x: float, y: float, size: float, gap: float) -> Array:
    """The same with `gap` pixels between letters, around the middle `x`."""
    font = ImageFont.truetype(str(_FONT), round(size * SAMPLES), index=0)
    widths = [font.getlength(letter) / SAMPLES for letter in words]
    left = x - (sum(widths) + gap * (len(words) - 1)) / 2
    mask = np.zeros(canvas.shape, np.float32)
    for letter, width in zip(words, widths, strict=True):
        mask = np.maximum(mask, letters(canvas, letter, left, y, size, "lm"))
        left += width + gap
    return mask


def printed(canvas: Canvas, mask: Array, colour: str, opacity: float = 1.0) -> None:
    """Ink on what is there already."""
    part = mask[..., None] * opacity
    canvas.light[:] = canvas.light * (1 - part) + linear(colour) * part
