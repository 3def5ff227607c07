"""Sharpens luma by an unsharp mask that leaves noise and the light beside edges alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.adjustments.light import floats, luma, rounded
from qie_batch.vision.bands import strips

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels

#: Pixels of the radius for each pixel of the longer side, and the least radius.
_RADIUS, _LEAST_RADIUS = 0.0005, 0.7
#: Gain of detail at strength 1.
_AMOUNT = 1.2
#: A pixel may get so much lighter or darker than all around it.
_MOST_HALO = 4 / 255
#: Limits of the amplitude up to which detail counts as noise.
_LEAST_NOISE, _MOST_NOISE = 0.8 / 255, 4 / 255


def sharpened(pixels: Pixels, alpha: Pixels | None, strength: float) -> Pixels:
    """The image with stronger fine detail; hidden colours of transparent pixels have no effect."""
    sigma = max(_LEAST_RADIUS, _RADIUS * max(pixels.shape[:2]))
    reach = int(np.ceil(3 * sigma))
    noise = _noise(pixels, sigma)
    out = np.empty_like(pixels)
    for rows in strips(pixels.shape):
        first, last = max(0, rows.start - reach), rows.stop + reach
        rgb = floats(pixels[first:last])
        light = luma(rgb)
        if alpha is not None:
            light = _without_hidden(light, floats(alpha[first:last]), sigma)
        inner = slice(rows.start - first, rows.stop - first)
        change = (_sharper(light, sigma, noise, strength) - light)[inner]
        out[rows] = rounded(rgb[inner] + cv2.cvtColor(change, cv2.COLOR_GRAY2RGB))
    return out


def _sharper(light: Floats, sigma: float, noise: float, strength: float) -> Floats:
    detail = light - cv2.GaussianBlur(light, (0, 0), sigma)
    power = detail * detail
    kept = detail * (power / (power + np.float32(noise * noise)))
    side = 2 * round(sigma + 0.5) + 1
    around = np.ones((side, side), np.uint8)
    lowest = cv2.erode(light, around) - np.float32(_MOST_HALO)
    highest = cv2.dilate(light, around) + np.float32(_MOST_HALO)
    sharper: Floats = np.clip(light + np.float32(_AMOUNT * strength) * kept, lowest, highest)
    return sharper


def _without_hidden(light: Floats, cover: Floats, sigma: float) -> Floats:
    """Luma in which transparent pixels continue what is visible beside them."""
    weight = cv2.GaussianBlur(cover, (0, 0), sigma)
    near = cv2.GaussianBlur(light * cover, (0, 0), sigma) / np.maximum(weight, 1e-4)
    filled: Floats = cover * light + (1 - cover) * near
    return filled


def _noise(pixels: Pixels, sigma: float) -> float:
    """The amplitude of most of the fine detail, on values of 0 to 1, from every eighth strip."""
    found = [
        np.abs(light - cv2.GaussianBlur(light, (0, 0), sigma)).ravel()[::5]
        for rows in list(strips(pixels.shape))[::8]
        for light in [luma(floats(pixels[rows]))]
    ]
    usual = 2 * 1.4826 * float(np.median(np.concatenate(found)))
    return min(max(usual, _LEAST_NOISE), _MOST_NOISE)
