"""Scales and turns the layers of a canvas; colours of transparent pixels do not mix with visible ones."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from PIL import Image

from qie_batch.images import sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qie_batch.engines.classic.canvas import Canvas
    from qie_batch.vision.arrays import Floats, Pixels

    Rgba = tuple[int, int, int, int]
    #: Resamples bytes or floats; what lies outside of the image gets the value.
    Resampler: TypeAlias = Callable[[NDArray[Any], tuple[float, ...]], NDArray[Any]]


def letterboxed(canvas: Canvas, size: tuple[int, int], bands: Rgba) -> Canvas:
    """The canvas at exactly this size, never stretched, between bands."""

    def scaled(layer: NDArray[Any], value: tuple[float, ...]) -> NDArray[Any]:
        return np.asarray(
            sizes.letterboxed(Image.fromarray(layer), size, value if len(value) > 1 else value[0])
        )

    return _resampled(canvas, scaled, bands)


def turned(canvas: Canvas, degrees: float, size: tuple[int, int], fill: Rgba) -> Canvas:
    """The canvas turned clockwise around its middle, on a canvas of this size."""
    matrix = _rotation(canvas.size, degrees, size)

    def warped(layer: NDArray[Any], value: tuple[float, ...]) -> NDArray[Any]:
        out: NDArray[Any] = cv2.warpAffine(
            layer, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=value
        )
        return out

    return _resampled(canvas, warped, fill)


def _resampled(canvas: Canvas, change: Resampler, outside: Rgba) -> Canvas:
    product = None if canvas.product is None else change(canvas.product, (0,))
    if canvas.alpha is None:
        return replace(canvas, rgb=change(canvas.rgb, outside[:3]), product=product)
    rgb, alpha = _weighted(canvas.rgb, canvas.alpha, change, outside)
    return replace(canvas, rgb=rgb, alpha=alpha, product=product)


def _weighted(rgb: Pixels, alpha: Pixels, change: Resampler, outside: Rgba) -> tuple[Pixels, Pixels]:
    """Colours weighted by alpha, one channel after the other.

    Both are floats until the division, since overshoot at an edge, clipped in one of them, would be a rim.
    """
    weight = alpha.astype(np.float32)
    cover: Floats = change(weight, (outside[3],))
    rounded = np.clip(np.rint(cover), 0, 255).astype(np.uint8)
    # Below one half, alpha is rounded to 0 and no colour shows.
    cover = np.maximum(cover, 0.5)
    colours = np.empty((*cover.shape, 3), np.uint8)
    for channel in range(3):
        plane = change(rgb[..., channel] * weight, (outside[channel] * outside[3],)) / cover
        colours[..., channel] = np.clip(plane, 0, 255, out=plane) + 0.5
    return colours, rounded


def _rotation(old: tuple[int, int], degrees: float, new: tuple[int, int]) -> NDArray[np.float64]:
    """2 x 3, from old to new pixel centres."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cos, -sin], [sin, cos]])
    middle, goal = ((np.array(size) - 1) / 2 for size in (old, new))
    return np.column_stack([turn, goal - turn @ middle])
