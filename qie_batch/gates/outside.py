"""What was not to change did: beside the edited region, or under the keep-mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.model import Finding, Verdict
from qie_batch.vision.arrays import shrunk

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Flags, Floats, Pixels

NAME = "outside"
LIMIT = 0.03
UNIT = "share"

#: Lab units beyond the colours around a pixel that are seen as another colour; lightness counts for less.
_VISIBLE, _LIGHTNESS = 9.0, 0.6
#: Structural similarity under which a part is another; its window and constants, in pixels and levels.
_UNLIKE, _WINDOW, _FAINT = 0.55, 7, 18.0
#: Pixels within which an edge may have moved, at the edge of a region, and between changes of one edit.
_REACH, _EDGE, _GAP = 1, 5, 13
#: Pixels of the longer side of the copies that are compared.
_SIDE = 320
#: Parts of the image that an edit may change where its region is not known.
_PARTS = 3
#: The share of the image that one text may take.
_MOST_TEXT = 0.5


def check(evidence: Evidence, limit: float) -> Finding | None:
    """The share of what was to stay that is visibly another."""
    found = _region(evidence)
    if found is None:
        return None
    region, name = found
    if region is None or not region.any():
        sentence = f"{name} cannot be told apart, so what stayed of it cannot be measured"
        return Finding(gate=NAME, verdict=Verdict.UNCHECKED, limit=limit, sentence=sentence)
    share = float(_changed(*_copies(evidence))[region].mean())
    failed = share > limit
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=share,
        limit=limit,
        sentence=f"{share:.0%} of {name} changed, which was to stay" if failed else "",
    )


def _copies(evidence: Evidence) -> tuple[Pixels, Pixels]:
    """Before and after; what is kept has to be at its old place, too."""
    before = evidence.followed if evidence.keep is None else evidence.copies[0]
    return shrunk(before, _SIDE), shrunk(evidence.copies[1], _SIDE)


def _region(evidence: Evidence) -> tuple[Flags | None, str] | None:
    """What was to stay, in the copies, with its name; None where everything may change."""
    intent = evidence.intent
    if evidence.keep is not None:
        keep = _small(evidence.keep)
        inner = _eroded(keep)
        return (inner if inner.any() else keep), "the kept part"
    if intent.geometry or intent.style or (intent.background and (intent.product or intent.text)):
        return None
    product = None if evidence.product is None else _small(evidence.product)
    if intent.background:
        return (None if product is None else _eroded(product)), "the product"
    if intent.product and not intent.text and product is not None:
        return _eroded(~product), "the background"
    return _beside_edits(evidence, 1.0 if intent.product else _MOST_TEXT), "what is beside the edit"


def _small(flags: Flags) -> Flags:
    """At the size of the copies; only what is wholly set."""
    small: Flags = shrunk(flags.astype(np.uint8) * 255, _SIDE) == 255
    return small


def _eroded(flags: Flags) -> Flags:
    kernel = np.ones((2 * _EDGE + 1,) * 2, np.uint8)
    inner: Flags = cv2.erode(flags.astype(np.uint8), kernel, borderValue=1) > 0
    return inner


def _beside_edits(evidence: Evidence, most: float) -> Flags:
    """All but the largest parts that changed, each up to this share of the image."""
    changed = _changed(*_copies(evidence)).astype(np.uint8)
    joined = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    _count, labels, stats, _middles = cv2.connectedComponentsWithStats(joined)
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = [each for each in np.argsort(areas)[::-1][:_PARTS] if areas[each] <= most * changed.size]
    beside: Flags = ~np.isin(labels, np.array(largest, int) + 1)
    return beside


def _changed(before: Pixels, after: Pixels) -> Flags:
    changed: Flags = (_apart(before, after) > _VISIBLE) | (_likeness(before, after) < _UNLIKE)
    return changed


def _apart(before: Pixels, after: Pixels) -> Floats:
    """How far each pixel is from the colours around it in the other image, the greater of both ways."""
    first, second = (_lab(each) for each in (before, after))
    apart: Floats = np.maximum(_beyond(first, second), _beyond(second, first))
    return apart


def _lab(pixels: Pixels) -> Floats:
    lab: Floats = cv2.cvtColor(cv2.blur(pixels, (3, 3)).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 0] *= _LIGHTNESS
    return lab


def _beyond(seen: Floats, other: Floats) -> Floats:
    kernel = np.ones((2 * _REACH + 1,) * 2, np.uint8)
    excess = np.maximum(seen - cv2.dilate(other, kernel), cv2.erode(other, kernel) - seen)
    excess = np.maximum(excess, 0)
    beyond: Floats = np.sqrt(np.einsum("ijk,ijk->ij", excess, excess))
    return beyond


def _likeness(before: Pixels, after: Pixels) -> Floats:
    """Structural similarity without its term of lightness; 1 where neither has structure."""
    size = (_WINDOW, _WINDOW)
    first, second = (
        cv2.GaussianBlur(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.2)
        for each in (before, after)
    )
    one, two = cv2.blur(first, size), cv2.blur(second, size)
    both = cv2.blur(first * second, size) - one * two
    variances = cv2.blur(first * first, size) - one * one + cv2.blur(second * second, size) - two * two
    likeness: Floats = (2 * both + _FAINT**2) / (variances + _FAINT**2)
    return likeness
