"""Decides the pixels at the product's edge, and measures the shadow beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.cutout.values import box_of, dilated, disc, mean_around

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels
    from qie_batch.vision.cutout.values import Scene, Surface

#: Pixels on the product's side of the found edge that may still be backdrop.
_BAND = 3
#: A line of JPEG's blocks is thinner than twice as many pixels.
_THIN = 3
#: The share of an edge's contrast that its ringing may have.
_RINGING = 0.06
#: The share of it that JPEG's blocks, of one colour for 16 pixels, carry over in colour and in lightness.
_BLEED, _STEP = 0.12, 0.02
#: Before white and grey: the most difference in lightness, and the least colour of what is next to it.
_EQUAL, _VIVID = 1.2, 25.0
#: The least contrast, squared, in Lab units, with which a pixel can be assigned to one of two colours.
_CONTRAST = 9.0
#: The least area of a part of the product, as a share of the image.
_SPECK = 0.0003
#: The most detail in a shadow, in Lab units.
_SOFT_DETAIL = 2.3


def decided(scene: Scene, surface: Surface, ground: Flags) -> Floats:
    """The mask: every pixel at the edge goes to the nearer of the colours on both sides."""
    ground = ground | _ringing(scene, surface, ground)
    ground |= _blocks(scene, surface, ground)
    product = (~ground).astype(np.float32)
    band = dilated(ground, _BAND) & ~ground
    behind, seen = mean_around(scene.lab, ground.astype(np.float32), 4.0)
    behind = np.where(seen[..., None] > 1e-4, behind, surface.lab)
    away = scene.smooth - behind
    front, _ = mean_around(scene.smooth, product * (np.sqrt((away * away).sum(axis=-1)) + 1e-3), 1.5)
    step = front - behind
    energy = (step * step).sum(axis=-1)
    cover = (away * step).sum(axis=-1) / np.maximum(energy, 1e-6)
    flat = cv2.GaussianBlur(product, (0, 0), 1.2)
    soft = np.where(band, np.where(energy > _CONTRAST, cover, flat), product)
    mask = soft > 0.45
    return _without_specks(scene, surface, mask & ~_block_steps(mask, surface))


def _ringing(scene: Scene, surface: Surface, ground: Flags) -> Flags:
    """Pixels beside the ground whose difference is small against that of the edge next to them."""
    weak = surface.distance < _RINGING * cv2.dilate(surface.distance, disc(scene.halo))
    near: Flags = weak & ~ground & dilated(ground, scene.halo)
    joined = cv2.morphologyEx((ground | near).astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0
    ringing: Flags = near & joined
    return ringing


def _blocks(scene: Scene, surface: Surface, ground: Flags) -> Flags:
    """Pixels beside the ground of its lightness, and with as much other colour as a block carries."""
    reach = np.ones((4 * scene.halo + 1,) * 2, np.uint8)
    most = cv2.dilate(surface.distance, reach)
    alike = np.abs(surface.lightness) < np.maximum(1.5 * surface.error, _STEP * most)
    if (
        surface.light_and_neutral
    ):  # White parts of a product differ as little, but have no colour beside them.
        alike &= (np.abs(surface.lightness) < max(_EQUAL, surface.error)) & (
            cv2.dilate(surface.tint, reach) > _VIVID
        )
    weak = alike & (surface.distance < np.maximum(1.5 * surface.error, _BLEED * most))
    near: Flags = weak & ~ground & dilated(ground, 2 * scene.halo)
    joined = cv2.morphologyEx((ground | near).astype(np.uint8), cv2.MORPH_OPEN, disc(2)) > 0
    blocks: Flags = near & joined
    return blocks


def _block_steps(mask: Flags, surface: Surface) -> Flags:
    """Thin lines of the backdrop's colour: steps between the blocks of JPEG."""
    thick = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(_THIN)) > 0
    lines: Flags = mask & ~thick & (surface.distance < max(1.2, 2 * surface.error))
    return lines


def _without_specks(scene: Scene, surface: Surface, mask: Flags) -> Floats:
    """The mask without its smallest parts, and without parts that are shadows beside the largest."""
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = areas > _SPECK * mask.size
    kept[0] = False
    for label in np.flatnonzero(kept):
        if areas[label] < 0.5 * areas[1:].max():
            box = box_of(stats[label])
            kept[label] = not _is_shadow(scene, surface, box, labels[box] == label)
    large: Floats = kept[labels].astype(np.float32)
    return large


def _is_shadow(scene: Scene, surface: Surface, box: tuple[slice, slice], inside: Flags) -> bool:
    """Whether a part has no detail and is nowhere lighter than the backdrop, in the backdrop's colour."""
    darker, tint = -surface.lightness[box][inside], surface.tint[box][inside]
    detail = scene.detail[box][inside]
    return bool(
        np.percentile(darker, 2) > -1
        and np.percentile(tint, 90) < 4 + 0.12 * np.percentile(darker, 98)
        and np.percentile(detail, 95) < _SOFT_DETAIL
    )


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
