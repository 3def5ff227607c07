"""Replaces the plain backdrop of a product by a colour and keeps the product's soft shadow."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.matte import refined

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Cutter, Floats, Pixels
    from qie_batch.engines.classic.colours import Colour
    from qie_batch.vision.cutout import Cutout


def replace(canvas: Canvas, colour: Colour | None, cut: Cutter) -> Canvas:
    """The image with the new background; Rejected (background_not_plain, product_not_found) in doubt."""
    if colour is None:
        raise NotImplementedError
    cutout = cut(canvas.rgb)
    alpha = refined(canvas.rgb, cutout.mask)
    product = np.round(alpha * 255).astype(np.uint8)
    return replaced(canvas, rgb=_composed(canvas.rgb, alpha, cutout, colour.rgb), product=product)


def add_shadow(canvas: Canvas, strength: float, cut: Cutter) -> Canvas:
    raise NotImplementedError


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
