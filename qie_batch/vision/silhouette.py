"""Roughly where a product is before a plain backdrop: fast, for measuring, not for cutting out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.arrays import shrunk

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels

#: Pixels of the longer side of the copy, and of the border from which the backdrop is known.
_SIDE, _BORDER = 224, 4
#: Lab units at least from the backdrop's colour, and as a multiple of how far the border is from that.
_APART, _OVER_SPREAD = 7.0, 3.0
#: The share of the border that may be apart, where a product reaches the border.
_MOST_APART = 0.35
#: Shares of the image.
_LEAST, _MOST = 0.01, 0.92


def silhouette(pixels: Pixels) -> Flags | None:
    """The pixels of an RGB image that stand out of its backdrop, with what they enclose; None without one."""
    lab = cv2.cvtColor(shrunk(pixels, _SIDE).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    distance, spread = _from_backdrop(cv2.GaussianBlur(lab, (0, 0), 1))
    apart = distance > max(_APART, _OVER_SPREAD * spread)
    border = np.ones(apart.shape, bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    if apart[border].mean() > _MOST_APART:
        return None
    found = _filled(cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))
    if not _LEAST < float(found.mean()) < _MOST:
        return None
    height, width = pixels.shape[:2]
    wide: Flags = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return wide


def _from_backdrop(lab: Floats) -> tuple[Floats, float]:
    """How far each pixel is from a quadratic surface through the border, and the border, as a median."""
    height, width = lab.shape[:2]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], axis=-1)
    border = np.ones((height, width), bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    samples, seen = terms[border], lab[border]
    surface = np.broadcast_to(np.median(seen, axis=0), lab.shape)
    miss = np.linalg.norm(seen - surface[border], axis=1)
    for _ in range(3):
        near = miss <= max(_APART, float(np.quantile(miss, 1 - _MOST_APART)))
        surface = terms @ np.linalg.lstsq(samples[near], seen[near], rcond=None)[0]
        miss = np.linalg.norm(seen - surface[border], axis=1)
    return np.linalg.norm(lab - surface, axis=2), float(np.median(miss))


def _filled(apart: Pixels) -> Pixels:
    """Without specks; what cannot be reached from the border belongs to what encloses it."""
    count, labels, stats, _middles = cv2.connectedComponentsWithStats(apart)
    large = np.zeros(count, np.uint8)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] > apart.size * _LEAST / 8
    kept: Pixels = large[labels]
    flood = np.pad(kept, 1)
    cv2.floodFill(flood, None, (0, 0), 2)
    filled: Pixels = (flood[1:-1, 1:-1] != 2).astype(np.uint8)
    return filled
