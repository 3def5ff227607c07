"""How far apart two colours look: CIE Lab and CIEDE2000 (CIE 142-2001; Sharma, Wu and Dalal 2005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels

_FAR = np.float32(25.0**7)


def lab_of(pixels: Pixels) -> Floats:
    """L* of 0 to 100, a* and b* of sRGB pixels (height, width, 3)."""
    lab: Floats = cv2.cvtColor(np.divide(pixels, 255, dtype=np.float32), cv2.COLOR_RGB2LAB)
    return lab


def ciede2000(lab: Floats, other: Floats, *, lightness: float = 1.0) -> Floats:
    """Of two arrays that broadcast; a difference in lightness counts `1 / lightness` (kL of the formula)."""
    (light, red, yellow), (light2, red2, yellow2) = (np.moveaxis(each, -1, 0) for each in (lab, other))
    stretch = 0.5 * (1 - _saturating((np.hypot(red, yellow) + np.hypot(red2, yellow2)) / 2))
    red, red2 = red * (1 + stretch), red2 * (1 + stretch)
    chroma, chroma2 = np.hypot(red, yellow), np.hypot(red2, yellow2)
    hue, hue2 = (np.degrees(np.arctan2(y, r)) % 360 for y, r in ((yellow, red), (yellow2, red2)))
    coloured = chroma * chroma2 > 0
    turn = np.where(coloured, (hue2 - hue + 180) % 360 - 180, 0)
    mean_hue = np.where(coloured, hue + turn / 2, hue + hue2)
    mean_chroma, mean_light = (chroma + chroma2) / 2, (light + light2) / 2
    away = (mean_light - 50) ** 2
    by_light = (light2 - light) / (lightness * (1 + 0.015 * away / np.sqrt(20 + away)))
    by_chroma = (chroma2 - chroma) / (1 + 0.045 * mean_chroma)
    by_hue = 2 * np.sqrt(chroma * chroma2) * np.sin(np.radians(turn / 2))
    by_hue = by_hue / (1 + 0.015 * mean_chroma * _uneven(mean_hue))
    blue = np.radians(60 * np.exp(-((((mean_hue - 275 + 180) % 360 - 180) / 25) ** 2)))
    rotation = -2 * _saturating(mean_chroma) * np.sin(blue)
    square = by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    distance: Floats = np.sqrt(np.maximum(square, 0)).astype(np.float32)
    return distance


def _saturating(chroma: Floats) -> Floats:
    seventh = chroma**7
    share: Floats = np.sqrt(seventh / (seventh + _FAR))
    return share


def _uneven(hue: Floats) -> Floats:
    """How differently the eye tells hues apart around the circle."""
    terms = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    uneven: Floats = np.ones_like(hue)
    for weight, times, way in terms:
        uneven += np.float32(weight) * np.cos(np.radians(times * hue + way)).astype(np.float32)
    return uneven
