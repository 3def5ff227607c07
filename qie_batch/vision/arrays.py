"""The arrays that images and masks are, and their small copies."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """The image or mask with a longer side of at most `side` pixels, each the mean of those it stands for."""
    scale = min(1.0, side / max(pixels.shape[:2]))
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    small: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return small


def outer(shape: tuple[int, ...], share: float) -> Flags:
    """The pixels within this share of its side of the border of an image, at least one deep."""
    ring = np.ones(shape[:2], bool)
    rows, columns = (max(1, round(share * length)) for length in shape[:2])
    ring[rows:-rows, columns:-columns] = False
    return ring
