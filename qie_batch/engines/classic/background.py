"""Replaces the plain backdrop of a product by a colour and keeps the product's soft shadow.

The backdrop is modelled as a smooth surface in Lab colour, fitted to the border of the image. An image whose
border does not fit such a surface has no plain background and is Rejected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.cutout import Cutout, find_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]

#: Pixels of the longer side of the copy in which the product is segmented.
_WORKING_SIDE = 448


def replace(pixels: Pixels, rgb: tuple[int, int, int]) -> Pixels:
    """The image with the new background; Rejected (background_not_plain, product_not_found) in doubt."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    small = (
        cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    )
    cutout = find_product(small)
    alpha = _refined(pixels, cutout.mask, width / small.shape[1])
    return _composed(pixels, alpha, cutout, rgb)


def _refined(pixels: Pixels, mask: Floats, factor: float) -> Floats:
    """The small mask at full size, its edge aligned with that of the image by a guided filter."""
    height, width = pixels.shape[:2]
    wide = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    guide = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    side = (2 * round(1.5 * factor + 1) + 1,) * 2
    mean_guide, mean_mask = cv2.blur(guide, side), cv2.blur(wide, side)
    covariance = cv2.blur(guide * wide, side) - mean_guide * mean_mask
    slope = covariance / (cv2.blur(guide * guide, side) - mean_guide * mean_guide + 4e-4)
    offset = mean_mask - slope * mean_guide
    alpha = cv2.blur(slope, side) * guide + cv2.blur(offset, side)
    clipped: Floats = np.clip((alpha - 0.22) / 0.62, 0, 1)
    return clipped


def _composed(pixels: Pixels, alpha: Floats, cutout: Cutout, rgb: tuple[int, int, int]) -> Pixels:
    """Composite over the new colour, with the old backdrop removed from partly transparent edge pixels."""
    size = (pixels.shape[1], pixels.shape[0])
    shade = cv2.resize(cutout.shade, size, interpolation=cv2.INTER_CUBIC)[..., None]
    old = cv2.resize(cutout.backdrop, size, interpolation=cv2.INTER_LINEAR) * shade
    new = np.array(rgb, np.float32) * np.clip(shade, 0, 1)
    cover = alpha[..., None]
    product = np.clip((pixels - (1 - cover) * old) / np.maximum(cover, 0.2), 0, 255)
    blend = cover * product + (1 - cover) * new
    out = np.where(cover >= 1, pixels.astype(np.float32), blend)
    return np.round(np.clip(out, 0, 255)).astype(np.uint8)
