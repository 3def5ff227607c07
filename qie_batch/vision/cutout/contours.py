"""Sharp edges: outlines of things, as against the soft ones of shadows, light and JPEG's ringing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from qie_batch.vision.cutout.values import border_of, disc

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats
    from qie_batch.vision.cutout.values import Scene, Surface

#: The least slope that is an edge, in Lab units a pixel; a step of 1 Lab unit has 0.35 in the smooth copy.
_LEAST_SLOPE = 0.25
#: A shadow may be as steep as this.
_STEEPEST_SHADE = 3.0
#: How much steeper an edge is in the smooth copy than in one of 4 pixels' blur. A step has 3.3, a ramp 1.
_SHARPNESS = 1.6
#: The share of an edge's slope that its ringing may have.
_RINGING = 0.045
#: An edge has somewhere a slope of so many times the least one.
_SEED = 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Contours:
    slope: Floats
    #: Slope divided by the slope after a wide blur.
    sharpness: Floats
    #: The least slope of an edge in this image.
    least: float
    #: The deviation of lightness on the backdrop from pixel to pixel.
    noise: float
    sharp: Flags

    @property
    def barrier(self) -> Flags:
        """What the backdrop does not grow through."""
        flags: Flags = self.sharp | (self.slope > _STEEPEST_SHADE)
        return flags

    @classmethod
    def of(cls, scene: Scene, surface: Surface) -> Self:
        slope = _slope(scene.smooth)
        sharpness = (slope / np.maximum(_wide_slope(scene.smooth), 0.15)).astype(np.float32)
        calm = border_of(slope.shape, max(3, round(0.03 * min(slope.shape)))) & (surface.distance < 9)
        found = slope[calm]
        least = max(_LEAST_SLOPE, 4.5 * float(np.median(found)), 1.6 * float(np.percentile(found, 90)))
        ringing = _RINGING * cv2.dilate(slope, disc(scene.halo))
        edges = (slope > np.maximum(least, ringing)) & (sharpness > _SHARPNESS)
        return cls(
            slope=slope,
            sharpness=sharpness,
            least=least,
            noise=1.48 * float(np.median(scene.detail[calm])),
            sharp=_seeded(edges, slope > _SEED * least),
        )


def _slope(lab: Floats) -> Floats:
    across = cv2.Sobel(lab, cv2.CV_32F, 1, 0) / 8
    down = cv2.Sobel(lab, cv2.CV_32F, 0, 1) / 8
    energy = across * across + down * down
    slope: Floats = np.sqrt(energy[..., 0] + 0.5 * (energy[..., 1] + energy[..., 2]))
    return slope


def _wide_slope(lab: Floats) -> Floats:
    """The slope after a blur of 4 pixels, found in a copy of half the size."""
    height, width = lab.shape[:2]
    half = cv2.resize(lab, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    wide: Floats = cv2.resize(_slope(cv2.GaussianBlur(half, (0, 0), 2.0)), (width, height)) / 2
    return wide


def _seeded(edges: Flags, seeds: Flags) -> Flags:
    """The connected edges that have a seed."""
    count, labels = cv2.connectedComponents(edges.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[labels[edges & seeds]] = True
    kept[0] = False
    flags: Flags = kept[labels]
    return flags
