"""What the steps of a cut-out give one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels


#: Chroma up to which a backdrop is grey or white, and lightness from which it is light.
_NEUTRAL, _LIGHT = 10.0, 60.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The small copy of an image, in RGB and in Lab."""

    rgb: Pixels
    lab: Floats
    #: `lab` without the noise of single pixels.
    smooth: Floats
    #: How far the lightness of each pixel is from that of its surroundings.
    detail: Floats
    #: Pixels of the copy to which the ringing of JPEG reaches from an edge.
    halo: int

    @classmethod
    def of(cls, pixels: Pixels, side: int) -> Self:
        scale = min(1.0, side / max(pixels.shape[:2]))
        small = (
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            if scale < 1
            else pixels
        )
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return cls(
            rgb=small,
            lab=lab,
            detail=np.abs(lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (0, 0), 2.5)),
            smooth=cv2.GaussianBlur(lab, (0, 0), 1.1),
            halo=max(2, int(np.ceil(8 * scale))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The backdrop without product and shadow, and how far each pixel is from it, in Lab units."""

    lab: Floats
    #: Lighter than the backdrop, or darker if negative.
    lightness: Floats
    #: The difference in colour that more or less light on the backdrop does not explain.
    tint: Floats
    distance: Floats
    #: Up to here a distance is noise of the image or error of the surface.
    error: float

    @property
    def light_and_neutral(self) -> bool:
        """Whether a white or grey part of a product may have the backdrop's colour by chance."""
        lightness, red, yellow = np.median(self.lab[::8, ::8], axis=(0, 1))
        return bool(np.hypot(red, yellow) < _NEUTRAL and lightness > _LIGHT)

    def like_shade(self) -> Flags:
        """Pixels that may be the backdrop in a shadow or in a brighter light."""
        darker = np.maximum(-self.lightness, 0)
        flags: Flags = (self.lightness > -50) & (self.lightness < 25) & (self.tint < 3.5 + 0.06 * darker)
        return flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """The backdrop found from the border, and the areas of which it is uncertain, in pixels."""

    ground: Flags
    #: Reached through gaps of an outline that are up to 2, and up to 12 pixels wide.
    narrow_leak: int
    wide_leak: int
    #: Enclosed areas that may be a hole, and may be a part of the product in the backdrop's colour.
    uncertain_inside: int


def disc(radius: int) -> Pixels:
    kernel: Pixels = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return kernel


def dilated(flags: Flags, radius: int) -> Flags:
    wide: Flags = cv2.dilate(flags.astype(np.uint8), disc(radius)) > 0
    return wide


def mean_around(values: Floats, weights: Floats, blur: float) -> tuple[Floats, Floats]:
    """The weighted mean round each pixel, and its weight."""
    weight = cv2.GaussianBlur(weights, (0, 0), blur)
    total = cv2.GaussianBlur(values * weights[..., None], (0, 0), blur)
    return total / np.maximum(weight, 1e-6)[..., None], weight


def border_of(shape: tuple[int, ...], depth: int) -> Flags:
    flags = np.ones(shape[:2], bool)
    flags[depth:-depth, depth:-depth] = False
    return flags


def box_of(stat: np.ndarray) -> tuple[slice, slice]:
    left, top, width, height = (int(each) for each in stat[:4])
    return slice(top, top + height), slice(left, left + width)
