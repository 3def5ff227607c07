"""A regular pattern over the whole image, as the patches and upsampling of a diffusion model's VAE leave it.

The spectra of windows all over the image are compared: a pattern of the painting is a sharp peak in most of
them, the weave of a product in a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qie_batch.vision.arrays import Floats, Pixels

#: Pixels of a window's side, and the most windows along each side of the image.
_WINDOW, _WINDOWS = 128, 4
#: Pixels around a pixel whose mean it is compared with.
_AROUND = 17
#: Levels by which a pixel may stand out of its surroundings: edges count no more than a pattern does.
_STANDS_OUT = 8.0
#: Cycles a window from which a peak is a pattern, for periods up to 32 pixels.
_LOWEST = 4
#: The power of a peak, as a multiple of that around it, and of the input's at the same frequency.
_OVER_AROUND, _OVER_BEFORE = 10.0, 6.0
#: The variance of a window in which there is nothing to see.
_EMPTY = 0.02
_CYCLES = np.fft.fftfreq(_WINDOW) * _WINDOW
_FREQUENCIES = np.hypot(_CYCLES[:, None], np.arange(_WINDOW // 2 + 1)[None])
#: Half of a spectrum is computed: all but its first and last column stand for two.
_TIMES = np.array([1] + [2] * (_WINDOW // 2 - 1) + [1], np.float32)
_HANN = np.outer(np.hanning(_WINDOW), np.hanning(_WINDOW)).astype(np.float32)


def grid_strength(before: Pixels, after: Pixels) -> float:
    """The pattern's root mean square in levels, 0 where there is none that the input has not."""
    seen = [_power(window) for window in _windows(after)]
    # Both in the same places: a product's own weave must not look new because its backdrop became plain.
    had = [_power(window) for window, power in zip(_windows(before), seen, strict=True) if power is not None]
    spectrum, known = _median(seen), _median(had)
    if spectrum is None:
        return 0.0
    peaks = spectrum > _OVER_AROUND * np.maximum(cv2.medianBlur(spectrum, 5), 1e-3)
    if known is not None:
        peaks &= spectrum > _OVER_BEFORE * cv2.dilate(known, np.ones((3, 3), np.uint8))
    peaks &= _FREQUENCIES >= _LOWEST
    # The energy of a window is the sum of its spectrum by Parseval; so is that of the pattern, by its peaks.
    energy = float((spectrum * _TIMES)[peaks].sum()) / (_WINDOW**2 * float((_HANN**2).sum()))
    return float(np.sqrt(energy))


def _median(powers: Sequence[Floats | None]) -> Floats | None:
    """The median power of all windows in which there is anything, at each frequency; None without one."""
    seen = [power for power in powers if power is not None]
    return np.median(seen, axis=0).astype(np.float32) if seen else None


def _windows(luma: Pixels) -> Iterator[Pixels]:
    height, width = luma.shape
    if min(height, width) < _WINDOW:
        return
    rows, columns = (
        np.linspace(0, length - _WINDOW, min(_WINDOWS, max(1, length // _WINDOW))).astype(int)
        for length in (height, width)
    )
    for top in rows:
        for left in columns:
            yield luma[top : top + _WINDOW, left : left + _WINDOW]


def _power(window: Pixels) -> Floats | None:
    values = window.astype(np.float32)
    values -= cv2.blur(values, (_AROUND, _AROUND))
    np.clip(values, -_STANDS_OUT, _STANDS_OUT, out=values)
    if float(values.var()) < _EMPTY:
        return None
    power: Floats = np.square(np.abs(np.fft.rfft2(values * _HANN))).astype(np.float32)
    return power
