"""Nothing visible happened: the result is the input, or the input painted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.gates.wanted import wanted_colours
from qie_batch.model import Finding, Verdict
from qie_batch.vision.arrays import outer, shrunk
from qie_batch.vision.colour_distance import ciede2000, lab_of

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Floats

NAME = "unchanged"
LIMIT = 4.0
UNIT = "Lab units"

#: Pixels of the longer side of the copies that are compared.
_SIDE = 288
#: Pixels within which an edge may have become softer.
_REACH = 1
#: The share of the image whose change counts: a line of small letters is about as large.
_SHARE = 0.002
#: The share by which fine detail has become stronger, and what a whole such share counts as, in Lab units.
_SHARPER, _DETAIL = 0.2, 20.0
#: CIEDE2000 within which a background has the wanted colour already, and the outer part of the image.
_ALREADY, _RING = 5.0, 0.06


def check(evidence: Evidence, limit: float) -> Finding | None:
    """How strong the change is where it is strongest; too small a figure is the fault."""
    if (evidence.intent.geometry and not evidence.same_size) or _other_alpha(evidence) or _as_asked(evidence):
        return None
    first = evidence.copies[0] if evidence.intent.geometry else evidence.followed
    before, after = (lab_of(shrunk(each, _SIDE)) for each in (first, evidence.copies[1]))
    figure = round(max(_strongest(before, after), _sharpening(before, after)), 1)
    if figure >= limit:
        return Finding(gate=NAME, verdict=Verdict.PASSED, figure=figure, limit=limit)
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED,
        figure=figure,
        limit=limit,
        sentence="nothing visible happened: the result looks like the input",
    )


def _other_alpha(evidence: Evidence) -> bool:
    """Whether pixels became transparent or opaque."""
    before, after = evidence.before_alpha, evidence.after_alpha
    if before is None and after is None:
        return False
    if before is None or after is None:
        alpha = before if after is None else after
        return alpha is not None and bool((alpha < 128).mean() > _SHARE)
    before = cv2.resize(before, after.shape[::-1], interpolation=cv2.INTER_AREA)
    return bool((cv2.absdiff(before, after) > 64).mean() > _SHARE)


def _as_asked(evidence: Evidence) -> bool:
    """Whether the input has the wanted background already."""
    wanted = wanted_colours(evidence.instruction).background
    if wanted is None:
        return False
    small = shrunk(evidence.copies[0], 96)
    seen = np.median(lab_of(small)[outer(small.shape, _RING)], axis=0)
    targets = lab_of(np.array([wanted.rgb], np.uint8))[0]
    return float(ciede2000(seen, targets).min()) < _ALREADY


def _strongest(before: Floats, after: Floats) -> float:
    """The least distance of a pixel of one copy to the colours around it in the other, both ways."""
    return max(_outside(before, after), _outside(after, before))


def _outside(seen: Floats, other: Floats) -> float:
    kernel = np.ones((2 * _REACH + 1,) * 2, np.uint8)
    soft = cv2.blur(seen, (3, 3))
    excess = np.maximum(soft - cv2.dilate(other, kernel), cv2.erode(other, kernel) - soft)
    distance = np.linalg.norm(np.maximum(excess, 0), axis=2)
    return float(np.quantile(distance, 1 - _SHARE))


def _sharpening(before: Floats, after: Floats) -> float:
    """Sharpening moves no colour out of its surroundings."""
    first, second = (
        float(np.abs(cv2.Laplacian(each[..., 0], cv2.CV_32F)).mean()) for each in (before, after)
    )
    return _DETAIL * max(0.0, second / max(first, 0.5) - 1 - _SHARPER)
