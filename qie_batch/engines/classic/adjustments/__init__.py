"""Changes of tone and light of the whole image; alpha stays as it is."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.adjustments import sharpening
from qie_batch.engines.classic.adjustments.light import (
    LUMA,
    blended,
    extremes,
    in_strips,
    luma,
    ramp,
    relit,
    saturated,
    within_gamut,
)
from qie_batch.engines.classic.adjustments.tones import toned
from qie_batch.vision.arrays import shrunk

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas
    from qie_batch.engines.classic.edits import Tone
    from qie_batch.vision.arrays import Floats

#: Changes of middle lightness and of contrast are limited to these.
_LEAST_CHANGE, _MOST_CHANGE = -0.9, 0.9
#: Pixels of the longer side of the copy in which levels and white are measured.
_MEASURED_SIDE = 512
#: Alpha over which a pixel counts there.
_OPAQUE = 240
#: Percentiles that become black and white, and how far either end may move.
_ENDS, _MOST_BLACK, _LEAST_WHITE = (0.5, 99.5), 0.35, 0.55
#: Levels closer to the ends than this are full.
_FULL = 3 / 255
_FULL_ALREADY = "levels were already full"
#: Paper may be no more saturated than this; a colour cast beyond the first value is corrected in part.
_NEUTRAL = (0.16, 0.34)
_LEAST_PAPER = 0.005
#: Limits of a channel's gain, and the gain that no person would see.
_MOST_GAIN, _NO_GAIN = 1.35, 1.012


def tone(canvas: Canvas, name: Tone, strength: float) -> Canvas:
    return canvas.painted(toned(canvas.rgb, name, strength))


def brightness(canvas: Canvas, change: float) -> Canvas:
    """A power curve of luma: white stays white and black stays black."""
    limited = min(max(change, _LEAST_CHANGE), _MOST_CHANGE)
    gamma = math.log(0.5 * (1 + limited)) / math.log(0.5)
    return canvas.painted(in_strips(canvas.rgb, partial(relit, curve=lambda light: cv2.pow(light, gamma))))


def contrast(canvas: Canvas, change: float) -> Canvas:
    """A curve of luma through black, middle grey and white, as much steeper in the middle as asked."""
    limited = min(max(change, _LEAST_CHANGE), _MOST_CHANGE)
    curve = _steeper if limited > 0 else _flatter
    return canvas.painted(in_strips(canvas.rgb, partial(relit, curve=partial(curve, change=limited))))


def saturation(canvas: Canvas, change: float) -> Canvas:
    """Distance from grey times 1 + change, as far as the gamut allows; -1 is grey."""
    if change <= -1:
        return grey(canvas)
    return canvas.painted(in_strips(canvas.rgb, partial(saturated, gain=1 + change)))


def grey(canvas: Canvas) -> Canvas:
    return canvas.painted(cv2.cvtColor(cv2.cvtColor(canvas.rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def sharpen(canvas: Canvas, strength: float) -> Canvas:
    return canvas.painted(sharpening.sharpened(canvas.rgb, canvas.alpha, strength))


def auto_levels(canvas: Canvas) -> Canvas:
    """The lowest and the highest half percent of all channels become 0 and 255, so that no colour is lost."""
    visible = _visible(canvas)
    if not len(visible):
        return canvas.noted(_FULL_ALREADY)
    low = float(np.percentile(visible.min(axis=-1), _ENDS[0]))
    high = float(np.percentile(visible.max(axis=-1), _ENDS[1]))
    black = min(low, _MOST_BLACK) if low > _FULL else 0.0
    white = max(high, _LEAST_WHITE) if high < 1 - _FULL else 1.0
    if (black, white) == (0, 1):
        return canvas.noted(_FULL_ALREADY)
    gain = 1 / (white - black)

    def stretched(rgb: Floats) -> Floats:
        target = np.clip((luma(rgb) - np.float32(black)) * np.float32(gain), 0, 1)
        return within_gamut((rgb - np.float32(black)) * np.float32(gain), target)

    return canvas.painted(in_strips(canvas.rgb, stretched))


def white_balance(canvas: Canvas) -> Canvas:
    """What is nearest to white loses its tint, and all other colours change in proportion."""
    gains = _gains(_visible(canvas))
    if gains is None:
        return canvas.noted("found nothing white or grey to balance by")
    if gains.max() / gains.min() < _NO_GAIN:
        return canvas.noted("white balance was already right")

    def balanced(rgb: Floats) -> Floats:
        changed = cv2.transform(rgb, np.diag(gains))
        # A pixel that is white already keeps its white.
        white = ramp(extremes(rgb)[0], 0.96, 1)
        mixed = blended(changed, rgb, white)
        return within_gamut(mixed, np.minimum(luma(mixed), 1))

    return canvas.painted(in_strips(canvas.rgb, balanced))


def _steeper(light: Floats, change: float) -> Floats:
    near = np.minimum(light, 1 - light)
    half = 0.5 * cv2.pow(2 * near, 1 + change)
    curve: Floats = np.where(light < 0.5, half, 1 - half)
    return curve


def _flatter(light: Floats, change: float) -> Floats:
    return light + np.float32(2 * change) * light * (1 - light) * (2 * light - 1)


def _visible(canvas: Canvas) -> Floats:
    """(n, 3): pixels of a small copy, those that are opaque."""
    pixels: Floats = np.divide(shrunk(canvas.rgb, _MEASURED_SIDE), 255, dtype=np.float32)
    if canvas.alpha is None:
        return pixels.reshape(-1, 3)
    seen: Floats = pixels[shrunk(canvas.alpha, _MEASURED_SIDE) > _OPAQUE]
    return seen


def _gains(visible: Floats) -> Floats | None:
    """Of each channel; None where no part of the image is near to white or grey."""
    high = visible.max(axis=-1)
    tinted = (high - visible.min(axis=-1)) / np.maximum(high, 1e-3)
    light = visible @ LUMA
    paper = (tinted < _NEUTRAL[1]) & (light > 0.3)
    if paper.sum() < max(4, _LEAST_PAPER * len(visible)):
        return None
    # Where something is white or grey beside paler tints, the tints are colours and not the light.
    whiteness = light[paper] - 1.5 * tinted[paper]
    brightest = np.median(visible[paper][whiteness >= np.percentile(whiteness, 90)], axis=0)
    grey = float(brightest @ LUMA)
    tint = float(np.ptp(brightest) / brightest.max())
    share = 1 - float(np.clip((tint - _NEUTRAL[0]) / (_NEUTRAL[1] - _NEUTRAL[0]), 0, 1))
    gains: Floats = np.clip((grey / brightest) ** share, 1 / _MOST_GAIN, _MOST_GAIN).astype(np.float32)
    return gains
