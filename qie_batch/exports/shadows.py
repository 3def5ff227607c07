"""Shadows that an edit or a photographer left, told from parts of a product with caution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels

#: Alpha from which a pixel is surely no shadow.
_SOLID = 200
#: Levels up to which the colour of a shadow in a transparent image is black.
_BLACK = 60
#: Pixels round solid ones that are the product's own soft edge.
_EDGE = 4
#: The share of the image that a shadow has at least: less are edges.
_LEAST = 1e-3
#: Most levels between the channels of a shadow, and between a pixel and those around; of 19 in 20 pixels.
_NEUTRAL, _SMOOTH = 14.0, 5.0


def without_shadow(layers: Pixels) -> Pixels:
    """The RGBA pixels without black that is half transparent; the same array where there is no such."""
    alpha = layers[..., 3]
    solid = cv2.dilate((alpha >= _SOLID).astype(np.uint8), np.ones((2 * _EDGE + 1,) * 2, np.uint8)) > 0
    shadow = (alpha > 0) & (alpha < _SOLID) & ~solid & (layers[..., :3].max(axis=-1) <= _BLACK)
    if np.count_nonzero(shadow) < _LEAST * alpha.size:
        return layers
    bare = layers.copy()
    bare[shadow] = 0
    return bare


def may_have_shade(pixels: Pixels, product: Flags) -> bool:
    """Whether so much of what differs from the background is neutral and smooth that it may be a shadow."""
    tint, detail = _tint(pixels), _detail(pixels)
    alike = product & (tint <= _NEUTRAL) & (detail <= _SMOOTH)
    return bool(np.count_nonzero(alike) >= _LEAST * product.size)


def is_shade(pixels: Pixels, taken: Flags) -> bool:
    """Whether what a cut-out took away is large, neutral and smooth, as a shadow on a plain ground is."""
    if np.count_nonzero(taken) < _LEAST * taken.size:
        return False
    # The outermost pixels are mixed with the product's edge.
    inner = cv2.erode(taken.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not inner.any():
        return False
    tint, detail = (np.percentile(of(pixels)[inner], 95) for of in (_tint, _detail))
    return bool(tint <= _NEUTRAL and detail <= _SMOOTH)


def _tint(pixels: Pixels) -> Pixels:
    """Levels between the channels of each pixel."""
    red, green, blue = cv2.split(pixels)
    tint: Pixels = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    return tint


def _detail(pixels: Pixels) -> Floats:
    """Levels between each pixel and those around it."""
    light = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail: Floats = np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.5))
    return detail
