"""A small mask at the size of the image, its edge aligned with the edge in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]


def refined(pixels: Pixels, mask: Floats) -> Floats:
    """The mask (0 to 1, of any size) at the size of `pixels`, refined by a guided filter."""
    height, width = pixels.shape[:2]
    wide = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    guide = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    side = (2 * round(1.5 * width / mask.shape[1] + 1) + 1,) * 2
    mean_guide, mean_mask = cv2.blur(guide, side), cv2.blur(wide, side)
    covariance = cv2.blur(guide * wide, side) - mean_guide * mean_mask
    slope = covariance / (cv2.blur(guide * guide, side) - mean_guide * mean_guide + 4e-4)
    offset = mean_mask - slope * mean_guide
    alpha = cv2.blur(slope, side) * guide + cv2.blur(offset, side)
    clipped: Floats = np.clip((alpha - 0.22) / 0.62, 0, 1)
    return clipped
