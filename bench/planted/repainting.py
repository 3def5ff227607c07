"""What a diffusion model does to pixels that it leaves alone: it paints them anew, a little softer.

A stand-in: bringing the image to the model's size and back, the loss of grain and of the finest detail by the
VAE, and a drift of colour by up to two levels. Measured results of a real model belong in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.material import levels

if TYPE_CHECKING:
    from planted.cases import Pixels


def repainted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    scale = (
        (rng.uniform(0.8, 1.0) * 1024 * 1024 / (height * width)) ** 0.5 if height * width > 1 << 20 else 1.0
    )
    size = tuple(max(16, 16 * round(length * scale / 16)) for length in (width, height))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.4, 0.7))
    soft += rng.uniform(-2, 2, 3).astype(np.float32)
    slow = rng.normal(0, 1, (6, 6, 3)).astype(np.float32)
    soft += 0.8 * cv2.resize(slow, size, interpolation=cv2.INTER_CUBIC)
    soft += rng.normal(0, 0.6, soft.shape).astype(np.float32)
    return levels(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC))
