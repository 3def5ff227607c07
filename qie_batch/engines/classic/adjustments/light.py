"""Computes with light in float32: pixels in strips of rows, each value rounded once.

RGB values are of 0 to 1 and encoded in sRGB. Luma is their weighted mean (Rec. 601), which is near to
perceived lightness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.bands import strips

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.vision.arrays import Floats, Pixels

#: The weights of red, green and blue in luma.
LUMA = np.array((0.299, 0.587, 0.114), np.float32)


def in_strips(pixels: Pixels, change: Callable[[Floats], Floats]) -> Pixels:
    """The image of which every strip went through `change`, clipped to 0 to 1 and rounded."""
    out = np.empty_like(pixels)
    for rows in strips(pixels.shape):
        out[rows] = rounded(change(floats(pixels[rows])))
    return out


def floats(pixels: Pixels) -> Floats:
    scaled: Floats = cv2.multiply(pixels, np.ones(4), scale=1 / 255, dtype=cv2.CV_32F)
    return scaled


def rounded(values: Floats) -> Pixels:
    """Values of 0 to 1 as bytes; those beyond are clipped."""
    scaled: Pixels = cv2.multiply(values, np.ones(4), scale=255, dtype=cv2.CV_8U)
    return scaled


def luma(rgb: Floats) -> Floats:
    """(height, width)."""
    weighted: Floats = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return weighted


def relit(rgb: Floats, curve: Callable[[Floats], Floats]) -> Floats:
    """Luma along the curve, with hue and, as far as the gamut allows, saturation as before."""
    old = luma(rgb)
    new = curve(old)
    ratio: Floats = cv2.divide(new, cv2.max(old, 1e-6))
    return within_gamut(cv2.multiply(rgb, _three(ratio)), new)


def within_gamut(rgb: Floats, target: Floats) -> Floats:
    """The colours with the luma `target`, less saturated where a channel would be out of 0 to 1."""
    lowest, highest = extremes(rgb)
    if highest.max() <= 1 and lowest.min() >= 0:
        return rgb
    least = np.float32(1e-6)
    over = (1 - target) / np.maximum(highest - target, least)
    under = target / np.maximum(target - lowest, least)
    share: Floats = np.clip(np.minimum(over, under), 0, 1)
    return blended(_three(target), rgb, share)


def extremes(rgb: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest channel of each pixel."""
    red, green, blue = cv2.split(rgb)
    lowest: Floats = cv2.min(cv2.min(red, green), blue)
    highest: Floats = cv2.max(cv2.max(red, green), blue)
    return lowest, highest


def saturated(rgb: Floats, gain: float) -> Floats:
    """Distance from grey times the gain, at the same luma."""
    light = luma(rgb)
    changed: Floats = cv2.addWeighted(rgb, gain, _three(light), 1 - gain, 0)
    return within_gamut(changed, light)


def blended(rest: Floats, rgb: Floats, share: Floats) -> Floats:
    """`rgb` to the share of each pixel, `rest` beyond it."""
    blend: Floats = rest + cv2.multiply(rgb - rest, _three(share))
    return blend


def _three(values: Floats) -> Floats:
    """One value a pixel as three equal channels."""
    channels: Floats = cv2.cvtColor(values, cv2.COLOR_GRAY2RGB)
    return channels


def ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high`, a straight line between."""
    share: Floats = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return share
