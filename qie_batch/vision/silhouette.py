"""Roughly where a product is before a plain backdrop: fast, for measuring, not for cutting out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.arrays import shrunk

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels

#: Pixels of the longer side of the copy, and of the border from which the backdrop is known.
_SIDE, _BORDER = 208, 4
#: Lab units at least from the backdrop's colour, and as a multiple of how far the border is from that.
_APART, _OVER_SPREAD = 7.0, 3.0
#: The share of the border that may be apart, where a product reaches the border.
_MOST_APART = 0.35
#: A shadow: the tint in Lab units, and its part for each unit darker; the slope in Lab units a pixel.
_TINT, _MORE_TINT, _SOFT = 4.0, 0.06, 2.5
#: Shares of the image.
_LEAST, _MOST = 0.01, 0.92
#: The share of the image from which an enclosed area of the backdrop's colour is a hole and no print.
_HOLE = 0.001


def silhouette(pixels: Pixels) -> Flags | None:
    """The pixels of an RGB image that stand out of its backdrop, without soft shadows; None without any."""
    lab = cv2.cvtColor(shrunk(pixels, _SIDE).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    smooth = cv2.GaussianBlur(lab, (0, 0), 0.7)
    away, spread = _from_backdrop(smooth)
    near = np.einsum("ijk,ijk->ij", away, away) <= max(_APART, _OVER_SPREAD * spread) ** 2
    if not near[_border(near.shape)].mean() >= 1 - _MOST_APART:
        return None
    product = ~_reached(near | _shade(away, smooth)) & ~_holes(near)
    found = cv2.morphologyEx(product.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not _LEAST < float(found.mean()) < _MOST:
        return None
    height, width = pixels.shape[:2]
    wide: Flags = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    return wide


def _border(shape: tuple[int, ...]) -> Flags:
    border = np.ones(shape, bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    return border


def _from_backdrop(lab: Floats) -> tuple[Floats, float]:
    """Each pixel less a quadratic surface through the border, and how far the border is, usually."""
    height, width = lab.shape[:2]
    down, across = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    border = _border((height, width))
    places = np.nonzero(border)
    samples, seen = _terms(down[places[0]], across[places[1]]), lab[places]
    miss = np.linalg.norm(seen - np.median(seen, axis=0), axis=1)
    weights = np.zeros((6, 3), np.float32)
    for _ in range(3):
        near = miss <= max(_APART, float(np.quantile(miss, 1 - _MOST_APART)))
        some = samples[near]
        weights = np.linalg.solve(some.T @ some + 1e-3 * np.eye(6, dtype=np.float32), some.T @ seen[near])
        miss = np.linalg.norm(seen - samples @ weights, axis=1)
    surface = (
        (weights[0] + across[:, None] * weights[1] + across[:, None] ** 2 * weights[4])[None]
        + (down[:, None] * weights[2] + down[:, None] ** 2 * weights[5])[:, None]
        + (down[:, None] * across)[..., None] * weights[3]
    )
    return lab - surface, float(np.median(miss))


def _terms(down: Floats, across: Floats) -> Floats:
    terms: Floats = np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], axis=-1)
    return terms


def _shade(away: Floats, lab: Floats) -> Flags:
    """Darker than the backdrop, of its colour, and without an edge."""
    tint = np.sqrt(away[..., 1] ** 2 + away[..., 2] ** 2)
    light = np.ascontiguousarray(lab[..., 0])
    slope = cv2.magnitude(*(cv2.Sobel(light, cv2.CV_32F, *way, scale=0.125) for way in ((1, 0), (0, 1))))
    edge = cv2.dilate((slope > _SOFT).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    shade: Flags = (away[..., 0] < 0) & (tint < _TINT - _MORE_TINT * away[..., 0]) & ~edge
    return shade


def _reached(open_: Flags) -> Flags:
    """What can be reached from the border."""
    count, labels = cv2.connectedComponents(open_.astype(np.uint8), connectivity=4)
    touching = np.zeros(count, bool)
    touching[labels[_border(open_.shape)]] = True
    touching[0] = False
    reached: Flags = touching[labels]
    return reached


def _holes(near: Flags) -> Flags:
    """Areas of the backdrop's colour that are too large for a print."""
    count, labels, stats, _middles = cv2.connectedComponentsWithStats(near.astype(np.uint8), connectivity=4)
    large = np.zeros(count, bool)
    large[1:] = stats[1:, cv2.CC_STAT_AREA] > _HOLE * near.size
    holes: Flags = large[labels]
    return holes
