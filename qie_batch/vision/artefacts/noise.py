"""Grain all over the image, after Immerkaer (1996), where the image is most even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Pixels

#: Pixels of a block, and the share of blocks that are even.
_BLOCK, _EVEN = 16, 0.2
_SECOND_DERIVATIVE = np.array([1, -2, 1], np.float32)


def noise_level(luma: Pixels) -> float:
    """The standard deviation of the noise, in levels."""
    height, width = luma.shape
    response = cv2.sepFilter2D(luma, cv2.CV_16S, _SECOND_DERIVATIVE, _SECOND_DERIVATIVE)
    np.abs(response, out=response)
    blocks = cv2.resize(
        response, (max(1, width // _BLOCK), max(1, height // _BLOCK)), interpolation=cv2.INTER_AREA
    )
    return float(np.quantile(blocks, _EVEN) * np.sqrt(np.pi / 2) / 6)
