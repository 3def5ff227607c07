"""Changes one hue family to a named colour and keeps the shading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.engines.classic.canvas import Canvas, Cutter, Floats
    from qie_batch.engines.classic.colours import Colour, HueFamily
    from qie_batch.engines.classic.edits import HueChange

#: Degrees over which the selection fades out on both sides of the family's arc.
_HUE_RAMP = 8.0
#: A smaller share of the image counts as none.
_LEAST_SHARE = 0.002


def recolour(canvas: Canvas, changes: tuple[HueChange, ...], _cut: Cutter) -> Canvas:
    """The recoloured image; Rejected (colour_not_found) where too little has a source colour."""
    pixels = canvas.rgb
    for change in changes:
        assert change.source
        pixels = shift(pixels, change.source, change.target)
    return canvas.painted(pixels)


def shift(pixels: NDArray[np.uint8], source: HueFamily, target: Colour) -> NDArray[np.uint8]:
    """The recoloured image; Rejected (colour_not_found) below _LEAST_SHARE of the source colour."""
    rgb = pixels.astype(np.float32) / 255
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    hue = _near_hue(hsv[..., 0], source)
    core = hue * _ramp(hsv[..., 1], 0.18, 0.30) * _ramp(hsv[..., 1] * hsv[..., 2], 0.05, 0.10)
    core *= _vivid(hsv[..., 1], core > 0.5)
    core = _without_specks(core)
    if float((core > 0.5).mean()) < _LEAST_SHARE:
        raise Rejected(
            f"The picture has practically nothing {source.name} in it to recolour.",
            code="colour_not_found",
            hint="Name the colour that the picture shows.",
        )
    # Antialiased edges and highlights are paler than the core, and are selected if they touch the core.
    reach = max(3, round(0.006 * max(pixels.shape[:2]))) | 1
    near = cv2.dilate(core, np.ones((reach, reach), np.uint8))
    mask = np.maximum(core, near * hue * _ramp(hsv[..., 1], 0.03, 0.09))
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    painted = cv2.cvtColor(_painted(lab, hsv[..., 1], core > 0.5, mask, target), cv2.COLOR_LAB2RGB)
    shifted = np.round(np.clip(painted, 0, 1) * 255).astype(np.uint8)
    return np.where(mask[..., None] > 0, shifted, pixels)


def _painted(
    lab: Floats, saturation: Floats, core: NDArray[np.bool_], mask: Floats, target: Colour
) -> Floats:
    """Map the core's median lightness and colour to the target's, and all other values in proportion."""
    aim = cv2.cvtColor(np.array([[target.rgb]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    lightness = lab[..., 0]
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    middle_lightness = float(np.clip(np.median(lightness[core]), 5, 95))
    middle_chroma = float(np.median(chroma[core]))
    strength = np.clip(chroma / middle_chroma, 0, 1.25)
    # A highlight or an edge is paler than the core, so its lightness changes less.
    weight = mask * _ramp(saturation / float(np.median(saturation[core])), 0.1, 0.55)
    out = lab.copy()
    out[..., 0] += weight * (np.interp(lightness, [0, middle_lightness, 100], [0, aim[0], 100]) - lightness)
    for channel in (1, 2):
        out[..., channel] += mask * (aim[channel] * strength - lab[..., channel])
    return out


def _vivid(saturation: Floats, found: NDArray[np.bool_]) -> Floats:
    """Exclude pixels that are far paler than the rest of the colour, as skin beside an orange suit."""
    if not found.any():
        return np.ones_like(saturation)
    full = float(np.percentile(saturation[found], 80))
    return _ramp(saturation, 0.42 * full, 0.58 * full)


def _near_hue(hue: Floats, family: HueFamily) -> Floats:
    """1 inside the family's arc, 0 beyond the ramp beside it."""
    middle, half = (family.first + family.last) / 2, (family.last - family.first) / 2
    away = np.abs((hue - middle + 180) % 360 - 180)
    return 1 - _ramp(away, half, half + _HUE_RAMP)


def _ramp(values: Floats, low: float, high: float) -> Floats:
    ramp: Floats = np.clip((values - low) / (high - low), 0, 1)
    return ramp


def _without_specks(mask: Floats) -> Floats:
    """Remove noise and JPEG artefacts by a morphological opening with 3 x 3 pixels."""
    firm = (mask > 0.3).astype(np.uint8)
    opened = cv2.morphologyEx(firm, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    kept: Floats = mask * cv2.dilate(opened, np.ones((5, 5), np.uint8))
    return kept
