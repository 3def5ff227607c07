"""What speaks against a mask; Rejected where it is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected
from qie_batch.vision.cutout.backdrop import not_plain
from qie_batch.vision.cutout.values import dilated, disc, mean_around

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats
    from qie_batch.vision.cutout.contours import Contours
    from qie_batch.vision.cutout.values import Grown, Scene, Surface

#: Share of the product's area that may lie behind a gap of the outline 12 pixels wide, and the weight of
#: an area behind a gap of 2 pixels, which the backdrop does not grow through.
_LEAK, _NARROW = 0.025, 0.12
#: Share of the product's area that may be an enclosed area of nearly the backdrop's colour: hole or print?
_UNCERTAIN_INSIDE = 0.03
#: The share of all fine detail that may lie in the backdrop, and of the shadow.
_DETAIL = 0.03
#: Pixels around the product in which its edge is seen as detail: three times the width of the blur.
_REACH = 7
_MOST_SHADOW = 0.25
#: The share of the product that may be a line round a shadow.
_OUTLINED = 0.08
#: The share of the product that may have the colour of a backdrop that is neither grey nor white, in more or
#: less light; white and grey products have that of white and grey backdrops, which is noted.
_ALIKE, _NOTABLE = 0.08, 0.4
#: Shares of the product's area: steep shadow within 12 pixels of it, and flat areas that equal the backdrop.
_HARD_SHADOW, _FLAT = 0.05, 0.03
#: The slope from which a shadow is steep, in Lab units a pixel.
_HARD_SLOPE = 1.0
#: The share of the product's edge that must be a sharp edge of the image.
_SHARP_EDGE = 0.8
#: The slope of the edge's softest seventh part, as a share of its median: less is a shadow that was kept.
_SOFTEST, _UNEVEN = 15, 0.2
#: The share of the edge across which the colours differ by less than _FAINT Lab units: at most, before a
#: backdrop that is neither grey nor white, and from which a person should look.
_FAINT, _MOST_FAINT, _NOTABLE_FAINT = 6.0, 0.3, 0.15
#: The share of the product that may be shadow at its edge, from which a person should look.
_NOTABLE_SHADE = 0.04


def examined(scene: Scene, surface: Surface, contours: Contours, grown: Grown, mask: Floats) -> str:
    """A note for a person, "" for none; Rejected in doubt."""
    product = mask > 0
    area = int(product.sum())
    if not 0.005 < area / product.size < 0.97:
        raise _not_found("Product and background cannot be told apart in this picture.")
    if _spans(product):
        raise not_plain("what stands out of it reaches from side to side")
    if _sharp_share(product, contours) < _SHARP_EDGE:
        raise _not_found("The product has no clear edge in this picture.")
    alike = _like_backdrop(surface, product) / area
    faint = _faint_share(scene, product)
    _require_own_colour(surface, grown, product, alike)
    _require_clear_outline(surface, contours, product)
    if faint > _MOST_FAINT and not surface.light_and_neutral:
        raise _not_found("Much of the product's edge is hardly seen in this picture.")
    if _detail_outside(scene, contours, product) > _DETAIL:
        raise _not_found("There is fine detail in what looks like background.")
    doubts = {
        "areas inside the product that look like the background were kept": grown.uncertain_inside > 0,
        "product and background have nearly the same colour": alike > _NOTABLE,
        "the product's edge is faint": faint > _NOTABLE_FAINT,
        "what may be shadow beside the product was kept": _shade_at_edge(surface, product) / area
        > _NOTABLE_SHADE,
    }
    return next((note for note, holds in doubts.items() if holds), "")


def _require_own_colour(surface: Surface, grown: Grown, product: Flags, alike: float) -> None:
    area = int(product.sum())
    if grown.wide_leak + _NARROW * grown.narrow_leak > _LEAK * area:
        raise _not_found("A part of the product has the colour of the background in this picture.")
    if _outlined_shade(surface, grown.ground, product) > _OUTLINED * area:
        raise _not_found("A part of the product looks like a shadow on the background.")
    if alike > _ALIKE and not surface.light_and_neutral:
        raise _not_found("Much of what stands out of the background has its colour.")
    if grown.uncertain_inside > _UNCERTAIN_INSIDE * area:
        raise _not_found(
            "Areas inside the product have the colour of the background: they may be holes or parts of it."
        )


def _require_clear_outline(surface: Surface, contours: Contours, product: Flags) -> None:
    area = int(product.sum())
    near = dilated(product, 12) & ~dilated(product, 2) & (contours.slope > _HARD_SLOPE)
    if np.count_nonzero(near & (surface.distance > max(3.0, 3 * surface.error))) > _HARD_SHADOW * area:
        raise _not_found("Where the product ends and its shadow begins cannot be told in this picture.")
    slope = contours.slope[_edge_of(product)]
    if slope.size and np.percentile(slope, _SOFTEST) < _UNEVEN * np.median(slope):
        raise _not_found("A part of the product ends as softly as a shadow in this picture.")
    equal = product & (surface.distance < max(0.5, surface.error))
    if np.count_nonzero(_opened(equal, 4)) > _FLAT * area:
        raise _not_found("Areas inside the product cannot be told from the background in this picture.")


def _opened(flags: Flags, radius: int) -> Flags:
    opened: Flags = cv2.morphologyEx(flags.astype(np.uint8), cv2.MORPH_OPEN, disc(radius)) > 0
    return opened


def require_even_light(border: Surface, ground: Flags) -> None:
    """Rejected (background_not_plain) where much of the ground is darker than its border."""
    if ground.any() and float((border.lightness[ground] < -6).mean()) > _MOST_SHADOW:
        raise not_plain("too much of it is darker than its border")


def _not_found(sentence: str) -> Rejected:
    return Rejected(
        sentence,
        code="product_not_found",
        hint="Use a transparent PNG, or a picture before a plain backdrop that differs from every part of "
        "the product, or set QIE_CUTOUT_MODEL to a segmentation model.",
    )


def _spans(product: Flags) -> bool:
    """Whether one part of the product touches opposite sides of the image, as a table or a floor does."""
    _count, labels = cv2.connectedComponents(product.astype(np.uint8), connectivity=8)
    sides = [set(np.unique(side)) - {0} for side in (labels[:, :2], labels[:, -2:], labels[:2], labels[-2:])]
    return bool(sides[0] & sides[1] or sides[2] & sides[3])


def _edge_of(product: Flags) -> Flags:
    """The outermost pixels of the product, without those at the border of the image."""
    edge: Flags = product & (cv2.erode(product.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    edge[:2] = edge[-2:] = False
    edge[:, :2] = edge[:, -2:] = False
    return edge


def _faint_share(scene: Scene, product: Flags) -> float:
    """The share of the edge whose surroundings, inside and outside, have nearly the same colour."""
    inside = cv2.erode(product.astype(np.uint8), disc(2)) > 0
    one, weight = mean_around(scene.smooth, inside.astype(np.float32), 3.0)
    other, other_weight = mean_around(scene.smooth, (~dilated(product, 2)).astype(np.float32), 3.0)
    edge = _edge_of(product) & (weight > 0.02) & (other_weight > 0.02)
    difference = np.linalg.norm(one[edge] - other[edge], axis=-1)
    return float((difference < _FAINT).mean()) if edge.any() else 0.0


def _shade_at_edge(surface: Surface, product: Flags) -> int:
    """Pixels of the product that may be the backdrop in a shadow, as far as they reach its edge."""
    shade = _opened(product & surface.like_shade(), 2)
    _count, labels = cv2.connectedComponents(shade.astype(np.uint8))
    reaching = set(np.unique(labels[dilated(~product, 3)])) - {0}
    return int(np.count_nonzero(np.isin(labels, list(reaching))))


def _sharp_share(product: Flags, contours: Contours) -> float:
    edge = _edge_of(product)
    near = dilated(contours.barrier, 2)
    return float(near[edge].mean()) if edge.any() else 0.0


def _outlined_shade(surface: Surface, ground: Flags, product: Flags) -> int:
    """Pixels of thin lines between the backdrop and what was taken for its shadow."""
    thick = cv2.morphologyEx(product.astype(np.uint8), cv2.MORPH_OPEN, disc(4)) > 0
    other = np.abs(surface.lightness) > max(3.0, 4 * surface.error)
    between = dilated(ground & other, 3) & dilated(ground & ~other, 3)
    return int(np.count_nonzero(product & ~thick & between))


def _like_backdrop(surface: Surface, product: Flags) -> int:
    """Pixels inside the product that only more or less light sets off from the backdrop."""
    inner = cv2.erode(product.astype(np.uint8), disc(3)) > 0
    return int(np.count_nonzero(inner & surface.like_shade()))


def _detail_outside(scene: Scene, contours: Contours, product: Flags) -> float:
    """The share of the image's fine detail that lies away from the product."""
    detail = scene.detail > max(1.0, 5 * contours.noise)
    outside = detail & ~dilated(product, max(_REACH, scene.halo + 2))
    return float(outside.sum() / max(1, detail.sum()))
