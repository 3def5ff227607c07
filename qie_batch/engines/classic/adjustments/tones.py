"""The tones of an image: warm, cool, autumn and vintage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

import cv2
import numpy as np

from qie_batch.engines.classic.adjustments.light import blended, floats, in_strips, ramp, rounded
from qie_batch.engines.classic.edits import Tone
from qie_batch.vision.bands import strips

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels

#: For each channel: gain and offset, on values of 0 to 1.
_WARM = np.array(((1.06, 0.02), (1.0, 0.004), (0.86, -0.012)), np.float32)
_COOL = np.array(((0.88, -0.012), (0.99, 0.004), (1.07, 0.024)), np.float32)
_FADED = np.array(((0.86, 0.118), (0.84, 0.086), (0.74, 0.102)), np.float32)
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)

#: Hues in degrees and what they become in autumn; skin lies below the first that changes.
_LEAVES = ((0, 34, 48, 62, 90, 120, 160), (0, 34, 38, 37, 30, 24, 20))
#: Degrees over which the change of foliage fades out before turquoise.
_LEAVES_END = (140.0, 160.0)
#: Saturation over which colours begin to count as foliage; stone and paper are below.
_LEAVES_SATURATION = (0.08, 0.3)


def toned(pixels: Pixels, tone: Tone, strength: float) -> Pixels:
    """The image in the tone; at strength 0 it is unchanged, at 1 the effect is the usual one."""
    match tone:
        case Tone.WARM:
            return in_strips(pixels, partial(_balanced, balance=_scaled(_WARM, strength)))
        case Tone.COOL:
            return in_strips(pixels, partial(_balanced, balance=_scaled(_COOL, strength)))
        case Tone.AUTUMN:
            return in_strips(pixels, partial(_autumn, strength=strength))
        case Tone.VINTAGE:
            return _vintage(pixels, strength)
        case _:
            assert_never(tone)


def _scaled(balance: Floats, strength: float) -> Floats:
    """Gains and offsets between none and those given, or beyond."""
    none = np.array([1, 0], np.float32)
    scaled: Floats = none + np.float32(strength) * (balance - none)
    return scaled


def _balanced(rgb: Floats, balance: Floats) -> Floats:
    matrix = np.column_stack([np.diag(balance[:, 0]), balance[:, 1]])
    changed: Floats = cv2.transform(rgb, matrix)
    return changed


def _autumn(rgb: Floats, strength: float) -> Floats:
    """Foliage from green and yellow to orange and red; all but blues and turquoises a little warmer."""
    hue, saturation, value = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV))
    leaf = (1 - ramp(hue, *_LEAVES_END)) * ramp(saturation, *_LEAVES_SATURATION)
    # Dark orange is brown: leaves that turn become lighter.
    turn = _turn(hue) * np.float32(min(1, strength))
    lighter = cv2.pow(value, 0.8) - value
    value += lighter * ramp(np.abs(turn), 0, 60)
    richer = np.minimum(1, saturation * np.float32(1 + 0.15 * strength))
    leaves = cv2.cvtColor(cv2.merge([hue + turn, richer, value]), cv2.COLOR_HSV2RGB)
    mixed = blended(rgb, leaves, leaf)
    warm = _balanced(mixed, _scaled(_WARM, 0.8 * strength))
    return blended(warm, mixed, _cool(hue) * ramp(saturation, 0, 0.25))


def _turn(hue: Floats) -> Floats:
    """Degrees by which a hue moves in autumn."""
    degrees = np.arange(362)
    known = np.minimum(degrees, _LEAVES[0][-1])
    turns = (np.interp(known, *_LEAVES) - known).astype(np.float32)
    turns[_LEAVES[0][-1] :] = 0
    first = hue.astype(np.uint16)
    turn: Floats = turns[first] + (hue - first.astype(np.float32)) * np.diff(turns)[first]
    return turn


def _cool(hue: Floats) -> Floats:
    """1 for hues from turquoise to violet, 0 for those that a warm light may change."""
    return ramp(hue, 120, 160) * (1 - ramp(hue, 280, 310))


def _vintage(pixels: Pixels, strength: float) -> Pixels:
    """Half sepia, lifted blacks and slightly darker corners."""
    height, width = pixels.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32) ** 2
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    faded, half = _scaled(_FADED, strength), np.float32(min(1, 0.5 * strength))
    sepia = (1 - half) * np.eye(3, dtype=np.float32) + half * _SEPIA
    out = np.empty_like(pixels)
    for rows in strips(pixels.shape):
        old = np.minimum(cv2.transform(floats(pixels[rows]), sepia), 1)
        light = 1 - np.float32(0.11 * strength) * (across + down[rows])
        out[rows] = rounded(_balanced(old, faded) * light[..., None])
    return out
