"""Decides the pixels at the product's edge, and measures the shadow beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.cutout.values import dilated, disc

if TYPE_CHECKING:
    from qie_batch.vision.cutout.values import Flags, Floats, Pixels, Scene, Surface

#: Pixels on the product's side of the found edge that may still be backdrop.
_BAND = 3
#: A line of JPEG's blocks is thinner than twice as many pixels.
_THIN = 3
#: The share of an edge's contrast that its ringing may have.
_RINGING = 0.06
#: The least contrast, squared, in Lab units, with which a pixel can be assigned to one of two colours.
_CONTRAST = 9.0
#: The least area of a part of the product, as a share of the image.
_SPECK = 0.0003


def decided(scene: Scene, surface: Surface, ground: Flags) -> Floats:
    """The mask: every pixel at the edge goes to the nearer of the colours on both sides."""
    ground = ground | _ringing(scene, surface, ground)
    product = (~ground).astype(np.float32)
    band = dilated(ground, _BAND) & ~ground
    behind, seen = _mean(scene.lab, ground.astype(np.float32), 4.0)
    behind = np.where(seen[..., None] > 1e-4, behind, surface.lab)
    away = scene.smooth - behind
    front, _ = _mean(scene.smooth, product * ((away * away).sum(axis=-1) + 1e-3), 1.5)
    step = front - behind
    energy = (step * step).sum(axis=-1)
    cover = (away * step).sum(axis=-1) / np.maximum(energy, 1e-6)
    flat = cv2.GaussianBlur(product, (0, 0), 1.2)
    soft = np.where(band, np.where(energy > _CONTRAST, cover, flat), product)
    mask = soft > 0.45
    return _without_specks(mask & ~_block_steps(mask, surface))


def _ringing(scene: Scene, surface: Surface, ground: Flags) -> Flags:
    """Pixels beside the ground whose difference is small against that of the edge next to them."""
    weak = surface.distance < _RINGING * cv2.dilate(surface.distance, disc(scene.halo))
    near: Flags = weak & ~ground & dilated(ground, scene.halo)
    joined = cv2.morphologyEx((ground | near).astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0
    ringing: Flags = near & joined
    return ringing


def _block_steps(mask: Flags, surface: Surface) -> Flags:
    """Thin lines of the backdrop's colour: steps between the blocks of JPEG."""
    thick = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(_THIN)) > 0
    lines: Flags = mask & ~thick & (surface.distance < max(1.2, 2 * surface.error))
    return lines


def _mean(values: Floats, weights: Floats, blur: float) -> tuple[Floats, Floats]:
    """The weighted mean round each pixel, and its weight."""
    weight = cv2.GaussianBlur(weights, (0, 0), blur)
    total = cv2.GaussianBlur(values * weights[..., None], (0, 0), blur)
    return total / np.maximum(weight, 1e-6)[..., None], weight


def _without_specks(mask: Flags) -> Floats:
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] > _SPECK * mask.size
    kept[0] = False
    large: Floats = kept[labels].astype(np.float32)
    return large


def shade(small: Pixels, backdrop: Floats, mask: Floats) -> Floats:
    """The smoothed shadow on the backdrop, extended under the edge of the product."""
    light = small.astype(np.float32).mean(axis=-1) / np.maximum(backdrop.mean(axis=-1), 1)
    seen = 1 - cv2.dilate(mask, np.ones((3, 3), np.uint8))
    near = cv2.GaussianBlur(seen, (0, 0), 2.5)
    blurred = cv2.GaussianBlur(light * seen, (0, 0), 2.5) / np.maximum(near, 1e-3)
    far = cv2.GaussianBlur(seen, (0, 0), 12.0)
    wide = cv2.GaussianBlur(light * seen, (0, 0), 12.0) / np.maximum(far, 1e-3)
    shade = np.where(near > 0.02, blurred, np.where(wide > 0, wide, 1))
    # The last 3 % count as no shadow, since marketplaces require pure white there.
    clean = 1 - np.clip((1 - shade - 0.03) / 0.94, 0, 1)
    # On a dark backdrop a shadow is weaker than the noise.
    steady: Floats = 1 - (1 - clean) * np.clip((backdrop.mean(axis=-1) - 70) / 50, 0, 1)
    return steady.astype(np.float32)
