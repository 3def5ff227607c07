"""Results with what a failed painting leaves on them; the edit below the fault is a legitimate one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.edits import new_scene
from planted.material import levels
from planted.repainting import repainted

if TYPE_CHECKING:
    from collections.abc import Callable

    from planted.cases import Kinds, Maker, Pixels
    from planted.material import Material

_ASKED = (
    "change the product to green", "put it in a sunny park", "remove the price tag", "把背景换成海边",
    "make the colors warmer", "换成木桌背景", "add the text “New”", "replace the cup with a glass",
)  # fmt: skip


def _with(fault: Callable[[Pixels, np.random.Generator], Pixels]) -> Maker:
    return partial(_make, fault)


def _make(
    fault: Callable[[Pixels, np.random.Generator], Pixels], material: Material, rng: np.random.Generator
) -> Case:
    if rng.random() < 0.5:
        case = new_scene(material, rng)
        return Case(before=case.before, after=fault(case.after, rng), instruction=case.instruction)
    pixels = material.any_image(rng)
    asked = _ASKED[rng.integers(len(_ASKED))]
    return Case(before=pixels, after=fault(repainted(pixels, rng), rng), instruction=asked)


def _clipping(fault: Callable[[Pixels, np.random.Generator], Pixels], level: int) -> Maker:
    """Of what the input shows: at least a tenth of the image goes to an end of the scale."""

    def make(material: Material, rng: np.random.Generator) -> Case:
        while True:
            pixels = material.any_image(rng)
            after = fault(repainted(pixels, rng), rng)
            new = (after == level).all(axis=2) & (np.abs(pixels.astype(int) - level).max(axis=2) > 12)
            if new.mean() > 0.1:
                return Case(before=pixels, after=after, instruction=_ASKED[rng.integers(len(_ASKED))])

    return make


def _blank(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    rgb = [(0, 0, 0), (255, 255, 255), (128, 128, 128), tuple(rng.integers(0, 256, 3))][rng.integers(4)]
    return levels(np.full(pixels.shape, rgb, np.float32) + rng.normal(0, rng.choice([0, 1]), pixels.shape))


def _not_a_number(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Areas of the latent that are not a number come out as black blocks."""
    after = pixels.copy()
    height, width = after.shape[:2]
    block = height // 8
    for _ in range(rng.integers(1, 5)):
        top, left = rng.integers(height - block), rng.integers(width - 2 * block)
        after[top : top + block, left : left + block * rng.integers(1, 3)] = 0
    return after


def _grid(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A pattern of the patches or of the upsampling, brought to the input's size."""
    height, width = pixels.shape[:2]
    period = int(rng.choice([2, 8, 16, 16]))
    tile = rng.normal(0, 1, (period, period)).astype(np.float32)
    if period == 2:
        tile = np.array([[1, -1], [-1, 1]], np.float32)
    tile = (tile - tile.mean()) / tile.std() * rng.uniform(1.6, 5)
    field = np.tile(tile, (height // period + 2, width // period + 2))
    scale = 1.0 if period == 2 else rng.choice([1.0, rng.uniform(0.85, 1.2)])
    field = cv2.resize(field, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    field = np.tile(field, (2, 2))[:height, :width] if scale < 1 else field[:height, :width]
    return levels(pixels + field[..., None])


def _seam(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One tile in another light."""
    after = pixels.astype(np.float32)
    turned = rng.random() < 0.5
    view = after.transpose(1, 0, 2) if turned else after
    at = int(len(view[0]) * rng.uniform(0.25, 0.75))
    step = rng.uniform(3.5, 10) * (-1 if view[:, :at].mean() > 128 else 1)
    fade = np.linspace(0.6, 1, at, dtype=np.float32)[None, :, None]
    view[:, :at] += step * fade
    return levels(after)


def _blown(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """So much light that a fifth to a half of the image is white."""
    bright = np.quantile(pixels.mean(axis=2), 1 - rng.uniform(0.25, 0.5))
    return levels(pixels * (262 / max(40.0, float(bright))) + 8)


def _crushed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    dark = float(np.quantile(pixels.mean(axis=2), rng.uniform(0.3, 0.55)))
    return levels((pixels - dark - 12.0) * 255 / max(60.0, 255 - dark))


def _noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    coloured = rng.random() < 0.5
    shape = pixels.shape if coloured else (*pixels.shape[:2], 1)
    return levels(pixels + rng.normal(0, rng.uniform(9, 30), shape))


def _static(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Latents that were never denoised."""
    small = tuple(max(1, length // 4) for length in pixels.shape[1::-1])
    rough = rng.normal(128, 60, (small[1], small[0], 3)).astype(np.float32)
    coarse = cv2.resize(rough, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return levels(coarse + rng.normal(0, 25, pixels.shape))


FAULTS: Kinds = {
    "blank": _with(_blank),
    "not a number in places": _with(_not_a_number),
    "grid": _with(_grid),
    "seam": _with(_seam),
    "highlights clipped": _clipping(_blown, 255),
    "shadows clipped": _clipping(_crushed, 0),
    "noise": _with(_noise),
    "static": _with(_static),
}
CLEAN: Kinds = {"painted anew": _with(lambda pixels, _rng: pixels)}
