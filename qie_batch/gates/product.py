"""The product's logos, labels and other fine parts are kept, where the product was not to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.model import Finding, Verdict

if TYPE_CHECKING:
    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Flags, Floats, Pixels

NAME = "product"
LIMIT = 0.5
UNIT = "share"

#: Pixels of the window in which likeness is measured, and of a zone, in the copies.
_WINDOW, _ZONE = 17, 41
#: Pixels over which what is compared varies.
_COARSE = 21
#: The share of its strength that a detail may have lost to other light.
_FAINTER = 0.5
#: Levels by which a part varies that has something to compare, and the share of a zone that must have it.
_DETAIL, _LEAST = 7.0, 0.25
#: Pixels at the edge of the product, where another backdrop begins, and the share of a window beside them.
_EDGE, _COVERED = 9, 0.3

#: Levels up to which a colour is the backdrop's, and from which it is another.
_LIKE, _OTHER = 20, 30


def check(evidence: Evidence, limit: float) -> Finding | None:
    """The share of detail that is lost in the zone where most is lost."""
    intent = evidence.intent
    if intent.product or intent.geometry or intent.text or evidence.keep is not None:
        return None
    region = _inside(evidence)
    if region is None:
        sentence = "the product cannot be told from what is behind it"
        return Finding(gate=NAME, verdict=Verdict.UNCHECKED, limit=limit, sentence=sentence)
    left, top, width, height = cv2.boundingRect(region.astype(np.uint8))
    part = slice(top, top + height), slice(left, left + width)
    lost = _lost(evidence.followed[part], evidence.copies[1][part], region[part]) if width else None
    if lost is None:
        return None
    share, (across, down) = lost
    failed = share > limit
    place = _place(left + across, top + down, region.shape)
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=share,
        limit=limit,
        sentence=f"a detail of the product is not what it was, {place}" if failed else "",
    )


def _inside(evidence: Evidence) -> Flags | None:
    """Where the product is; the whole image where nothing behind it was to change."""
    if not evidence.intent.background:
        return np.ones(evidence.followed.shape[:2], bool)
    if evidence.product is None:
        return None
    kernel = np.ones((2 * _EDGE + 1,) * 2, np.uint8)
    inner: Flags = cv2.erode(evidence.product.astype(np.uint8), kernel, borderValue=1) > 0
    return inner & ~_seen_through(evidence.followed, evidence.copies[1])


def _seen_through(before: Pixels, after: Pixels) -> Flags:
    """Narrow gaps in the product: they had the backdrop's colour and have another."""
    border = np.vstack([before[0], before[-1], before[:, 0], before[:, -1]])
    backdrop = np.broadcast_to(np.median(border, axis=0).astype(np.uint8), before.shape)
    like = cv2.absdiff(before, backdrop).max(axis=2) <= _LIKE
    other = cv2.absdiff(before, after).max(axis=2) > _OTHER
    wide: Flags = cv2.dilate((like & other).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return wide


def _lost(before: Pixels, after: Pixels, region: Flags) -> tuple[float, tuple[int, int]] | None:
    """The greatest share and where (x, y); None where the product has no detail."""
    inside = region.astype(np.float32)
    covered, variance, other, both = _moments(_fine(before, inside), _fine(after, inside), inside)
    likeness = both / np.sqrt(np.maximum(variance * other, 1.0))
    likeness *= np.minimum(1, np.sqrt(np.maximum(other, 0) / np.maximum(variance, 1.0)) / _FAINTER)
    detailed = region & (covered > _COVERED) & (variance > _DETAIL**2)
    weight = np.where(detailed, np.sqrt(np.maximum(variance, 0)), 0).astype(np.float32)
    size = (_ZONE, _ZONE)
    total = cv2.blur(weight, size)
    enough = cv2.blur((weight > 0).astype(np.float32), size) > _LEAST
    if not enough.any():
        return None
    gone = cv2.blur(weight * np.clip(1 - likeness, 0, 1).astype(np.float32), size) / np.maximum(total, 1e-3)
    gone[~enough] = 0
    _least, most, _at_least, place = cv2.minMaxLoc(gone)
    return float(most), place


def _fine(pixels: Pixels, inside: Floats) -> Floats:
    """Lightness without noise, and without what is as slow as light and shade."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    size = (_COARSE, _COARSE)
    slow = cv2.blur(grey * inside, size) / np.maximum(cv2.blur(inside, size), 1e-3)
    fine: Floats = cv2.GaussianBlur(grey, (0, 0), 1.2) - slow
    return fine


def _moments(first: Floats, second: Floats, inside: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The share of the window that is inside; there, the variance of each image, and their covariance."""

    def mean(values: Floats) -> Floats:
        found: Floats = cv2.blur(values * inside, (_WINDOW, _WINDOW)) / share
        return found

    covered = cv2.blur(inside, (_WINDOW, _WINDOW))
    share = np.maximum(covered, 1e-3)
    one, two = mean(first), mean(second)
    variances = mean(first * first) - one * one, mean(second * second) - two * two
    return covered, *variances, mean(first * second) - one * two


def _place(across: int, down: int, shape: tuple[int, ...]) -> str:
    rows = ("at the top", "in the middle", "at the bottom")[min(2, 3 * down // shape[0])]
    columns = ("on the left", "", "on the right")[min(2, 3 * across // shape[1])]
    return f"{rows} {columns}".strip()
