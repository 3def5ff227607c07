"""Segments a product from a plain backdrop, in a small copy of the image.

The backdrop is modelled as a smooth surface in Lab colour, fitted to the border of the image. An image whose
border does not fit such a surface has no plain background and is Rejected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Floats = NDArray[np.float32]
    Flags = NDArray[np.bool_]

#: Distances are in Lab units; 2.3 is a just noticeable difference.
_PLAIN_SPREAD = 5.0
_INLIER = 9.0
#: The share of the border that must be backdrop; the product may touch the rest.
_PLAIN_SHARE = 0.7
#: Lab lightness from which a backdrop counts as white paper.
_WHITE = 97
#: The share of the backdrop that may lie in shadow.
_MOST_SHADOW = 0.25
#: The share of the product's edge that must differ clearly from the backdrop.
_CLEAR_EDGE = 0.8


#: Pixels of the longer side of the copy in which the product is segmented.
_WORKING_SIDE = 448


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A product and its backdrop in a small copy of the image; `matte.refined` enlarges the mask."""

    #: 1 product, 0 backdrop.
    mask: Floats
    #: What the backdrop alone would look like, RGB of 0 to 255.
    backdrop: Floats
    #: Share of the backdrop's light in the product's shadow; 1 outside of the shadow.
    shade: Floats
    #: A doubt that a person should look at, "" for none.
    note: str = ""


def find_product(pixels: Pixels) -> Cutout:
    """The cut-out of an image of any size; Rejected (background_not_plain, product_not_found) in doubt."""
    scale = min(1.0, _WORKING_SIDE / max(pixels.shape[:2]))
    small = (
        cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    )
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    backdrop, spread = _fitted_backdrop(lab)
    difference = lab - backdrop
    tint = np.hypot(difference[..., 1], difference[..., 2])
    ground = _connected_ground(difference[..., 0], tint, max(2.5, 3 * spread))
    if float(np.median(backdrop[..., 0])) < _WHITE:
        ground |= _enclosed_ground(np.hypot(difference[..., 0], tint), ground, max(2.0, 2 * spread))
    mask = _cut(small, ground, np.hypot(difference[..., 0], tint))
    _require_clear_cut(mask, np.hypot(difference[..., 0], tint))
    rgb = np.clip(cv2.cvtColor(backdrop, cv2.COLOR_LAB2RGB), 0, 1)
    return Cutout(mask=mask, backdrop=rgb * 255, shade=_shade(small, rgb * 255, mask))


def _fitted_backdrop(lab: Floats) -> tuple[Floats, float]:
    """A quadratic surface through the border, refitted without outliers, and its residual spread."""
    height, width = lab.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack(
        [np.ones_like(down), across, down, across * down, across**2, down**2, down**3], axis=-1
    ).astype(np.float32)
    depth = max(2, round(0.03 * min(height, width)))
    border = np.ones((height, width), bool)
    border[depth:-depth, depth:-depth] = False
    samples, wanted = terms[border], lab[border]
    start = np.median(wanted, axis=0)
    fits = np.linalg.norm(wanted - start, axis=1) < 4 * _INLIER
    weights = np.zeros((terms.shape[-1], 3), np.float32)
    weights[0] = start
    for _ in range(4):
        if fits.mean() < _PLAIN_SHARE:
            break
        weights = np.linalg.lstsq(samples[fits], wanted[fits], rcond=None)[0]
        away = np.linalg.norm(wanted - samples @ weights, axis=1)
        fits = away < _INLIER
    away = np.linalg.norm(wanted - samples @ weights, axis=1)
    if fits.mean() < _PLAIN_SHARE or away[fits].std() > _PLAIN_SPREAD:
        raise _not_plain("its border is not of one even colour")
    surface: Floats = (terms @ weights).astype(np.float32)
    surface[..., 0] = np.clip(surface[..., 0], 1, 100)
    return surface, float(away[fits].std())


def _not_plain(why: str) -> Rejected:
    return Rejected(
        f"The picture has no plain background: {why}.",
        code="background_not_plain",
        hint="Use a picture shot before a plain backdrop, or an engine that understands scenes.",
    )


def _connected_ground(lightness: Floats, tint: Floats, alike: float) -> Flags:
    """Certain backdrop: pixels of its colour or softly shaded, connected to the border of the image."""
    slope = np.hypot(cv2.Sobel(lightness, cv2.CV_32F, 1, 0), cv2.Sobel(lightness, cv2.CV_32F, 0, 1)) / 8
    shaded = (lightness > -55) & (lightness < alike) & (tint < 4.5) & (slope < 3.5)
    flags = ((np.hypot(lightness, tint) < alike) | shaded).astype(np.uint8)
    flags = cv2.morphologyEx(flags, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _count, labels = cv2.connectedComponents(flags, connectivity=4)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    ground = np.isin(labels, list(set(np.unique(rim)) - {0}))
    if float((lightness[ground] < -6).mean() if ground.any() else 0) > _MOST_SHADOW:
        raise _not_plain("too much of it is darker than its border")
    return ground


def _enclosed_ground(distance: Floats, ground: Flags, alike: float) -> Flags:
    """Holes in the product, as in a mug's handle, by their similarity to the backdrop.

    None on white paper, where such an area may be a white print.
    """
    flags = cv2.morphologyEx(
        ((distance < 3 * alike) & ~ground).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)
    )
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(flags, connectivity=4)
    holes = [
        label
        for label in range(1, len(stats))
        if stats[label, cv2.CC_STAT_AREA] > 0.0008 * labels.size
        and float(np.median(distance[labels == label])) < alike
    ]
    return np.isin(labels, holes)


def _cut(small: Pixels, ground: Flags, distance: Floats) -> Floats:
    """Decide the pixels near the certain backdrop by GrabCut, and drop specks of product."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    sure = cv2.erode(ground.astype(np.uint8), kernel[1:6, 1:6])
    inner = cv2.erode((~ground).astype(np.uint8), kernel)
    marks = np.where(ground, cv2.GC_PR_BGD, cv2.GC_PR_FGD).astype(np.uint8)
    marks[sure > 0] = cv2.GC_BGD
    marks[(inner > 0) | (distance > 45)] = cv2.GC_FGD
    if (marks == cv2.GC_FGD).any() and (marks == cv2.GC_BGD).any():
        cv2.setRNGSeed(1)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(small[..., ::-1].copy(), marks, None, *models, 2, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    large = [label for label in range(1, len(stats)) if stats[label, cv2.CC_STAT_AREA] > 0.0003 * mask.size]
    return np.isin(labels, large).astype(np.float32)


def _require_clear_cut(mask: Floats, distance: Floats) -> None:
    """Rejected for a product of nearly the backdrop's colour (white on white), whose edge would be wrong."""
    edge = (mask > 0) & (cv2.erode(mask, np.ones((5, 5), np.uint8)) == 0)
    clear = float((distance[edge] > 8).mean()) if edge.any() else 0.0
    if clear < _CLEAR_EDGE or not 0.005 < float(mask.mean()) < 0.97:
        raise Rejected(
            "Product and background cannot be told apart in this picture.",
            code="product_not_found",
            hint="Use a picture whose product differs from its backdrop in colour or brightness.",
        )


def _shade(small: Pixels, backdrop: Floats, mask: Floats) -> Floats:
    """The smoothed shadow on the backdrop, extended under the edge of the product."""
    light = small.astype(np.float32).mean(axis=-1) / np.maximum(backdrop.mean(axis=-1), 1)
    seen = 1 - cv2.dilate(mask, np.ones((3, 3), np.uint8))
    blurred = cv2.GaussianBlur(light * seen, (0, 0), 2.0) / np.maximum(
        cv2.GaussianBlur(seen, (0, 0), 2.0), 1e-3
    )
    wide = cv2.GaussianBlur(light * seen, (0, 0), 9.0) / np.maximum(cv2.GaussianBlur(seen, (0, 0), 9.0), 1e-3)
    near = cv2.GaussianBlur(seen, (0, 0), 2.0)
    shade = np.where(near > 0.02, blurred, np.where(wide > 0, wide, 1))
    # The last 3 % count as no shadow, since marketplaces require pure white there.
    clean = 1 - np.clip((1 - shade - 0.03) / 0.94, 0, 1)
    # On a dark backdrop a shadow is weaker than the noise.
    steady: Floats = 1 - (1 - clean) * np.clip((backdrop.mean(axis=-1) - 70) / 50, 0, 1)
    return steady.astype(np.float32)
