"""The backdrop as a smooth surface in Lab colour: from the border, then from all of it that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected
from qie_batch.vision.cutout.values import Surface, border_of, disc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.vision.arrays import Flags, Floats
    from qie_batch.vision.cutout.values import Scene

    Doubles = NDArray[np.float64]

#: Distances are in Lab units; 2.3 is a just noticeable difference.
_PLAIN_SPREAD = 5.0
_INLIER = 9.0
#: The share of the border that must be backdrop; the product may touch the rest.
_PLAIN_SHARE = 0.7
#: The surface is fitted to one pixel of so many in each direction.
_STEP = 4


def not_plain(why: str) -> Rejected:
    return Rejected(
        f"The picture has no plain background: {why}.",
        code="background_not_plain",
        hint="Use a picture shot before a plain backdrop or with a transparent background, set "
        "QIE_CUTOUT_MODEL to a segmentation model, or take an engine that understands scenes.",
    )


def fitted_to_border(scene: Scene) -> Surface:
    """A quadratic surface through the border without outliers; Rejected where the border is not plain."""
    low = _low(scene.smooth)
    border = border_of(low.shape, max(1, round(0.03 * min(low.shape[:2]))))
    terms = _terms(low.shape[0], low.shape[1], 2)
    samples, wanted = terms[border], low[border]
    fits = np.linalg.norm(wanted - np.median(wanted, axis=0), axis=1) < 4 * _INLIER
    away: Doubles = np.full(len(wanted), np.inf)
    weights = np.zeros((terms.shape[-1], 3))
    for _ in range(5):
        if fits.mean() < _PLAIN_SHARE:
            break
        weights = _solved(samples[fits], wanted[fits])
        away = np.sqrt(np.square(wanted - samples @ weights).sum(axis=1))
        fits = away < _INLIER
    if fits.mean() < _PLAIN_SHARE or away[fits].std() > _PLAIN_SPREAD:
        raise not_plain("its border is not of one even colour")
    return _measured(scene, terms @ weights, np.zeros(scene.lab.shape[:2], bool))


def fitted_to_ground(scene: Scene, surface: Surface, ground: Flags) -> Surface:
    """A surface of fourth order through what was found of the backdrop, shadows left out."""
    low = _low(scene.smooth)
    size = (low.shape[1], low.shape[0])
    inner = cv2.erode(ground.astype(np.uint8), disc(3))
    found = cv2.resize(inner, size, interpolation=cv2.INTER_NEAREST) > 0
    terms = _terms(low.shape[0], low.shape[1], 4)
    samples, wanted = terms[found], low[found]
    start = cv2.resize(surface.lab, size)[found]
    fits = (wanted[:, 0] - start[:, 0] > -4) | border_of(low.shape, 3)[found]
    weights = np.zeros((terms.shape[-1], 3))
    for _round in range(4):
        if fits.sum() < 10 * terms.shape[-1]:
            return surface
        weights = _solved(samples[fits], wanted[fits])
        rest = wanted[:, 0] - samples @ weights[:, 0]
        spread = max(0.4, 1.5 * float(np.median(np.abs(rest[fits]))))
        fits = (rest > -2.5 * spread) & (rest < 6 * spread)
    return _measured(scene, terms @ weights, ground)


def rgb(surface: Surface) -> Floats:
    """0 to 255."""
    colours: Floats = np.clip(cv2.cvtColor(surface.lab, cv2.COLOR_LAB2RGB), 0, 1) * 255
    return colours


def _low(lab: Floats) -> Doubles:
    size = (max(8, lab.shape[1] // _STEP), max(8, lab.shape[0] // _STEP))
    low: Doubles = cv2.resize(lab, size, interpolation=cv2.INTER_AREA).astype(np.float64)
    return low


def _terms(height: int, width: int, order: int) -> Doubles:
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms: Doubles = np.stack(
        [across**i * down**j for i in range(order + 1) for j in range(order + 1 - i)], axis=-1
    )
    return terms


def _solved(samples: Doubles, wanted: Doubles) -> Doubles:
    """Least squares, a little damped, by the normal equations."""
    square = samples.T @ samples + 1e-3 * np.eye(samples.shape[1])
    weights: Doubles = np.linalg.solve(square, samples.T @ wanted).astype(np.float64)
    return weights


def _measured(scene: Scene, low: Doubles, ground: Flags) -> Surface:
    size = (scene.lab.shape[1], scene.lab.shape[0])
    lab: Floats = cv2.resize(low.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    lab[..., 0] = np.clip(lab[..., 0], 1, 100)
    lightness = scene.smooth[..., 0] - lab[..., 0]
    # Light that is scaled by a factor scales L + 16, a and b by the factor's cube root.
    light: Floats = (scene.smooth[..., 0] + 16) / (lab[..., 0] + 16)
    red, yellow = (scene.smooth[..., axis] - lab[..., axis] * light for axis in (1, 2))
    tint, distance = np.hypot(red, yellow), np.sqrt(lightness**2 + red**2 + yellow**2)
    lit = distance[ground & (lightness > -4)]
    error = float(np.percentile(lit[::7], 90)) if lit.size > 100 else 0.8
    return Surface(
        lab=lab, lightness=lightness, tint=tint, distance=distance, error=min(2.0, max(0.4, error))
    )
