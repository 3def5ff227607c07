"""The wanted colour is in the edited region: that of `expect_color`, or the one of the instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.gates.wanted import Wanted, colour_named, wanted_colours
from qie_batch.model import Finding, Verdict
from qie_batch.text import quoted
from qie_batch.vision.arrays import outer, shrunk
from qie_batch.vision.colour_distance import ciede2000, lab_of

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Flags, Floats, Pixels

NAME = "colour"
LIMIT = 12.0
UNIT = "CIEDE2000"

#: Pixels of the longer side of the copies that are compared.
_SIDE = 224
#: A difference in lightness counts a third of one in hue or chroma: the same paint is in light and in shade.
_LIGHTNESS = 3.0
#: Lab units from which a pixel belongs to the edited region, and the share of the image that it must be.
_EDITED, _LEAST = 7.0, 0.001
#: The share of the edited product that must be as near as the figure says: the rest are folds, glare, labels.
_SHARE = 0.25
#: The same of a background, which is mostly one colour, in the outer part of the image, a share of its sides.
_BACKGROUND_SHARE, _RING = 0.5, 0.06
#: Where nothing was edited, the wanted colour may be anywhere.
_ANYWHERE = 0.05


def check(evidence: Evidence, limit: float) -> Finding | None:
    """The distance within which a quarter of the edited product is, or half of the background."""
    asked = wanted_colours(evidence.instruction)
    product, background = asked.product, asked.background
    if evidence.checks.expect_color:
        expected = colour_named(evidence.checks.expect_color)
        if expected is None:
            return _unknown(evidence.checks.expect_color, limit)
        product, background = (None, expected) if background and not product else (expected, None)
    after = shrunk(evidence.copies[1], _SIDE)
    found = [
        (distance, wanted, place)
        for wanted, place in ((product, "edited region"), (background, "background"))
        if wanted and (distance := _distance(evidence, after, wanted, place)) is not None
    ]
    if not found:
        return None
    distance, wanted, place = max(found, key=lambda each: each[0])
    figure = round(distance, 1)
    if figure <= limit:
        return Finding(gate=NAME, verdict=Verdict.PASSED, figure=figure, limit=limit)
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED,
        figure=figure,
        limit=limit,
        sentence=f"the {place} is not {wanted.name}: its nearest part is {figure:g} CIEDE2000 away",
    )


def _unknown(name: str, limit: float) -> Finding:
    return Finding(
        gate=NAME,
        verdict=Verdict.UNCHECKED,
        limit=limit,
        sentence=f"expect_color is {quoted(name)}, which is no colour: write a name such as navy or a code "
        "such as #1e2f57",
    )


def _distance(evidence: Evidence, after: Pixels, wanted: Wanted, place: str) -> float | None:
    """None where there is nothing to look at."""
    lab = lab_of(after)
    opaque = _opaque(evidence.after_alpha, after.shape)
    if place == "background":
        region, share = outer(after.shape, _RING) & opaque, _BACKGROUND_SHARE
    else:
        region, share = _edited(evidence, lab) & opaque, _SHARE
        if wanted_colours(evidence.instruction).background:
            region = _product_of(region, lab)
        if region.mean() < _LEAST:
            if not evidence.checks.expect_color:
                return None
            region, share = opaque, _ANYWHERE
    if not region.any():
        return None
    seen = lab[region]
    near = np.full(len(seen), np.inf, np.float32)
    for rgb in wanted.rgb:
        target = lab_of(np.array([[rgb]], np.uint8))[0]
        near = np.minimum(near, ciede2000(seen, target, lightness=_LIGHTNESS))
    return float(np.quantile(near, share))


def _edited(evidence: Evidence, lab: Floats) -> Flags:
    apart = lab - lab_of(shrunk(evidence.copies[0], _SIDE))
    edited: Flags = np.linalg.norm(cv2.blur(apart, (3, 3)), axis=2) > _EDITED
    return edited


def _product_of(region: Flags, lab: Floats) -> Flags:
    """Without a new background of one colour, which would be most of the edited region."""
    ground = np.median(lab[outer(lab.shape, _RING)], axis=0)
    product: Flags = region & (np.linalg.norm(lab - ground, axis=2) > _EDITED)
    return product if product.mean() >= _LEAST else region


def _opaque(alpha: Pixels | None, shape: tuple[int, ...]) -> Flags:
    if alpha is None:
        return np.ones(shape[:2], bool)
    opaque: Flags = cv2.resize(alpha, shape[1::-1], interpolation=cv2.INTER_AREA) > 127
    return opaque
