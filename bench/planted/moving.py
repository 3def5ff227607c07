"""The same product before an old and a new backdrop, moved by a known zoom, rotation and shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.material import BACKDROPS, jpeg, levels
from planted.repainting import repainted

if TYPE_CHECKING:
    from planted.cases import Pixels
    from planted.material import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    zoom: float = 1.0
    degrees: float = 0.0
    #: Pixels to the right and downward.
    shift: tuple[float, float] = (0.0, 0.0)

    def matrix(self, shape: tuple[int, ...]) -> np.ndarray:
        """About the middle of the image; clockwise as the image is seen."""
        height, width = shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -self.degrees, self.zoom)
        matrix[:, 2] += self.shift
        return matrix


STILL = Motion()


def moved(pixels: Pixels, motion: Motion) -> Pixels:
    if motion == STILL:
        return pixels
    size = pixels.shape[1::-1]
    matrix = motion.matrix(pixels.shape)
    border = cv2.BORDER_REFLECT if pixels.ndim == 3 else cv2.BORDER_CONSTANT
    return cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=border)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    case: Case
    #: (n, 2): pixels of the product, or of the whole image, before the edit.
    product: np.ndarray


def over(cover: Pixels, product: Pixels, behind: np.ndarray) -> np.ndarray:
    share = cover[..., None].astype(np.float32) / 255
    return share * product + (1 - share) * behind


def new_backdrop(material: Material, motion: Motion, rng: np.random.Generator) -> Moving:
    """The product on another plain backdrop, or on a photograph."""
    scene = material.scene(rng)
    height, width = scene.cover.shape
    if rng.random() < 0.5:
        behind = np.full((height, width, 3), BACKDROPS[rng.integers(len(BACKDROPS))], np.float32)
        words = "make the background plain"
    else:
        photograph = cv2.resize(material.photograph(rng), (width, height), interpolation=cv2.INTER_AREA)
        behind = cv2.GaussianBlur(photograph, (0, 0), rng.uniform(1, 5)).astype(np.float32)
        words = "place it in a sunny park"
    after = levels(over(moved(scene.cover, motion), moved(scene.product, motion), behind))
    return _made(scene.pixels, after, words, rng, scene.cover > 230)


def new_colour(material: Material, motion: Motion, rng: np.random.Generator) -> Moving:
    """The product in another colour before the same backdrop."""
    scene = material.scene(rng)
    hsv = cv2.cvtColor(scene.product, cv2.COLOR_RGB2HSV_FULL).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(40, 216)) % 256
    hsv[..., 1] = np.clip(0.7 * hsv[..., 1] + rng.uniform(30, 110), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.7, 1.15), 0, 255)
    other = cv2.cvtColor(levels(hsv), cv2.COLOR_HSV2RGB_FULL)
    after = levels(over(scene.cover, other, scene.pixels.astype(np.float32)))
    return _made(
        scene.pixels, moved(after, motion), "change the product to another colour", rng, scene.cover > 230
    )


def new_mood(material: Material, motion: Motion, rng: np.random.Generator) -> Moving:
    """A whole photograph in another light."""
    pixels = material.photograph(rng)
    tone = (pixels / 255.0) ** rng.uniform(0.75, 1.3) * rng.uniform(0.85, 1.12, 3) * 255
    everywhere = np.ones(pixels.shape[:2], bool)
    return _made(pixels, moved(levels(tone), motion), "autumn mood, warmer light", rng, everywhere)


def _made(before: Pixels, after: Pixels, words: str, rng: np.random.Generator, product: np.ndarray) -> Moving:
    if rng.random() < 0.7:
        after = repainted(after, rng)
    down, across = np.nonzero(product[::8, ::8])
    places = np.stack([across, down], axis=1) * 8.0
    case = Case(before=before, after=jpeg(after, int(rng.integers(80, 96))), instruction=words)
    return Moving(case=case, product=places)


EDITS = {"backdrop": new_backdrop, "colour": new_colour, "mood": new_mood}
