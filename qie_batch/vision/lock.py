"""Puts an image's own pixels back into its edit, under a mask.

Where the mask is full, the result is the original to the last bit. Around it lies a soft seam in the colours
of the kept edge, so that nothing of the old background comes back with it; and where the edit changed the
light of what goes on across the edge, the edited side is brought to the original's light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.arrays import shrunk
from qie_batch.vision.bands import BAND, bands, enlarged

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels

#: Pixels by which the seam of a mask without soft edges fades, as the width of a Gaussian.
_SEAM = 0.9
#: Pixels of the longer side of the copy in which light is compared.
_SIDE = 512
#: Pixels of that copy: how far on either side of the edge light is compared, and how far it is corrected.
_NEAR, _FAR = 4.0, 14.0
#: Levels by which both sides may differ in their change of light and yet be one surface.
_ALIKE = 9.0
#: Levels above which a change is another colour and no other light.
_MOST = 60.0


def put_back(original: Pixels, edited: Pixels, mask: Pixels) -> tuple[Pixels, Flags]:
    """The edited image with the original's pixels under the mask, and where it equals the original.

    Both are RGB of the mask's size; the mask is 0 (edited) to 255 (original).
    """
    kept: Flags = mask == 255
    light = _change_of_light(original, edited, kept)
    out = edited.copy()
    height, width = mask.shape
    margin = 6
    for first, last in bands(height, BAND):
        top, bottom = max(0, first - margin), min(height, last + margin)
        window = slice(first - top, last - top)
        share, own = _seam(original[top:bottom], mask[top:bottom])
        behind = edited[first:last].astype(np.float32)
        if light is not None:
            behind += enlarged(light, (width, height), first, last)
        share = share[window, :, None]
        mixed = behind + share * (own[window] - behind)
        out[first:last] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    np.copyto(out, original, where=kept[..., None])
    return out, kept


def _seam(original: Pixels, mask: Pixels) -> tuple[Floats, Floats]:
    """The share of the kept colours in each pixel, and what these are where nothing is kept."""
    kept = (mask == 255).astype(np.uint8)
    fade = cv2.GaussianBlur(kept.astype(np.float32), (0, 0), _SEAM)
    share: Floats = np.maximum(mask.astype(np.float32) / 255, fade)
    near = cv2.boxFilter(kept, cv2.CV_32F, (11, 11), normalize=False)
    total = cv2.boxFilter(cv2.copyTo(original, kept), cv2.CV_32F, (11, 11), normalize=False)
    own: Floats = total / np.maximum(near, 1)[..., None]
    # Far from what is kept there is no colour to go by but the original's.
    return share, np.where((near > 0)[..., None], own, original.astype(np.float32))


def _change_of_light(original: Pixels, edited: Pixels, kept: Flags) -> Floats | None:
    """What to add to the edited side, in a small copy; None where that is nothing.

    Inside of the edge, what the edit did to the kept pixels shows how it changed the light; that goes on
    outside where the edit made the same change there.
    """
    small = shrunk(kept.astype(np.uint8) * 255, _SIDE)
    inside, outside = (small == 255).astype(np.float32), (small == 0).astype(np.float32)
    if not inside.any() or not outside.any():
        return None
    change = shrunk(original, _SIDE).astype(np.float32) - shrunk(edited, _SIDE)
    change[np.abs(change).max(axis=2) > _MOST] = 0
    within, beyond = (_mean_near(change, weight) for weight in (inside, outside))
    miss = np.abs(within - beyond).max(axis=2)
    sure = np.exp(-((miss / _ALIKE) ** 2))
    distance = cv2.distanceTransform((small < 255).astype(np.uint8), cv2.DIST_L2, 3)
    sure *= np.clip(1 - distance / _FAR, 0, 1)
    light: Floats = cv2.GaussianBlur((within * sure[..., None]).astype(np.float32), (0, 0), 1.5)
    return light if float(np.abs(light).max()) >= 1 else None


def _mean_near(values: Floats, weight: Floats) -> Floats:
    """Means of the weighted pixels near each; farther away, of those that are nearest at all."""
    out = np.zeros_like(values)
    known = np.zeros(weight.shape, np.float32)
    for reach in (_NEAR, 3 * _NEAR):
        around = cv2.GaussianBlur(weight, (0, 0), reach)
        mean = (
            cv2.GaussianBlur(values * weight[..., None], (0, 0), reach) / np.maximum(around, 1e-4)[..., None]
        )
        fresh = (1 - known) * np.clip(around / 0.02, 0, 1)
        out += mean * fresh[..., None]
        known += fresh
    return out
