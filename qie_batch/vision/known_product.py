"""The backdrop and the shadow of a product whose mask is known already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.arrays import shrunk
from qie_batch.vision.cutout import Cutout

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels

_WORKING_SIDE = 448
#: The share of a channel by which the light of an unshaded backdrop varies.
_EVEN = 0.04
#: Mean level under which a shadow cannot be told from noise.
_DARK = 60


def cutout_of(pixels: Pixels, product: Pixels) -> Cutout:
    """The cut-out of an image with the product mask (0 to 255) of an earlier operation."""
    small = shrunk(pixels, _WORKING_SIDE).astype(np.float32)
    mask: Floats = np.divide(shrunk(product, _WORKING_SIDE), 255, dtype=np.float32)
    seen = cv2.dilate(mask, np.ones((3, 3), np.uint8)) < 0.02
    backdrop = _surface(small, seen)
    level = np.maximum(backdrop.mean(axis=-1), 1)
    weight = seen.astype(np.float32)
    around = cv2.GaussianBlur(weight, (0, 0), 2)
    shade = cv2.GaussianBlur(small.mean(axis=-1) / level * weight, (0, 0), 2) / np.maximum(around, 1e-3)
    clear = (around < 0.02) | (shade > 1 - _EVEN / 2) | (level < _DARK)
    shade = np.where(clear, 1, np.clip(shade, 0, 1)).astype(np.float32)
    return Cutout(mask=mask, backdrop=backdrop, shade=shade)


def _surface(small: Floats, seen: Flags) -> Floats:
    """A quadratic surface through the backdrop's brighter, unshaded pixels."""
    height, width = seen.shape
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], axis=-1)
    samples, wanted = terms[seen], small[seen]
    if len(wanted) < samples.shape[1]:
        return np.full_like(small, 255)
    typical = np.median(wanted, axis=0).astype(np.float32)
    surface = np.broadcast_to(typical, small.shape).astype(np.float32)
    for _ in range(3):
        away = np.abs(wanted - surface[seen]).max(axis=-1)
        even = away < np.maximum(_EVEN * surface[seen].max(axis=-1), 4)
        if even.sum() < max(32, 0.1 * len(even)):
            break
        surface = (terms @ np.linalg.lstsq(samples[even], wanted[even], rcond=None)[0]).astype(np.float32)
    clipped: Floats = np.clip(surface, 0, 255)
    return clipped
