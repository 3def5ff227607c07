"""Changes of tone and light of the whole image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

import cv2
import numpy as np

from qie_batch.engines.classic.edits import Tone

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Pixels

#: For each channel: gain and offset, on values of 0 to 255.
_WARM = ((1.06, 5.0), (1.0, 1.0), (0.86, -3.0))
_COOL = ((0.88, -3.0), (0.99, 1.0), (1.07, 6.0))
_FADED = ((0.86, 30.0), (0.84, 22.0), (0.74, 26.0))
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)


def tone(canvas: Canvas, name: Tone, _strength: float) -> Canvas:
    return canvas.painted(_toned(canvas.rgb, name))


def brightness(canvas: Canvas, change: float) -> Canvas:
    return canvas.painted(_brightened(canvas.rgb, math.log(0.5 * (1 + change)) / math.log(0.5)))


def grey(canvas: Canvas) -> Canvas:
    return canvas.painted(_grey(canvas.rgb))


def contrast(canvas: Canvas, change: float) -> Canvas:
    raise NotImplementedError


def saturation(canvas: Canvas, change: float) -> Canvas:
    raise NotImplementedError


def sharpen(canvas: Canvas, strength: float) -> Canvas:
    raise NotImplementedError


def auto_levels(canvas: Canvas) -> Canvas:
    raise NotImplementedError


def white_balance(canvas: Canvas) -> Canvas:
    raise NotImplementedError


def _grey(pixels: Pixels) -> Pixels:
    grey: Pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return grey


def _brightened(pixels: Pixels, gamma: float) -> Pixels:
    """Apply a power curve to lightness only, so that white and hues do not change."""
    curve = np.round((np.arange(256) / 255.0) ** gamma * 255).astype(np.uint8)
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lab[..., 0] = curve[lab[..., 0]]
    brighter: Pixels = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return brighter


def _toned(pixels: Pixels, tone: Tone) -> Pixels:
    match tone:
        case Tone.WARM:
            return _balanced(pixels, _WARM)
        case Tone.COOL:
            return _balanced(pixels, _COOL)
        case Tone.AUTUMN:
            return _balanced(_turned_to_autumn(pixels), _WARM)
        case Tone.VINTAGE:
            return _vintage(pixels)
        case _:
            assert_never(tone)


def _balanced(pixels: Pixels, balance: tuple[tuple[float, float], ...]) -> Pixels:
    values = np.arange(256, dtype=np.float32)
    curves = np.stack([np.clip(values * gain + lift, 0, 255) for gain, lift in balance], axis=-1)
    balanced: Pixels = cv2.LUT(pixels, np.round(curves).astype(np.uint8).reshape(256, 1, 3))
    return balanced


def _turned_to_autumn(pixels: Pixels) -> Pixels:
    """Shift greens and yellows towards orange and red, and increase saturation a little."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hues = np.arange(180, dtype=np.float32) * 2
    turned = np.interp(hues, [0, 20, 60, 150, 185, 360], [0, 20, 36, 28, 185, 360])
    curve = np.zeros(256, np.uint8)
    curve[:180] = np.round(turned / 2).astype(np.uint8) % 180
    deeper = np.clip(np.arange(256) * 1.12, 0, 255).astype(np.uint8)
    hsv[..., 0] = curve[hsv[..., 0]]
    hsv[..., 1] = deeper[hsv[..., 1]]
    turned_pixels: Pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return turned_pixels


def _vintage(pixels: Pixels) -> Pixels:
    """Half sepia, lifted blacks and slightly darker corners."""
    sepia = cv2.addWeighted(pixels, 0.5, cv2.transform(pixels, _SEPIA), 0.5, 0)
    faded = _balanced(sepia, _FADED)
    height, width = pixels.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32) ** 2
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    light = 1 - 0.11 * (across + down)
    return (faded * light[..., None]).astype(np.uint8)
