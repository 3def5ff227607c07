"""Results in which nothing visible happened, and small edits that are visible all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.material import jpeg, levels
from planted.repainting import repainted

if TYPE_CHECKING:
    from planted.cases import Kinds, Pixels
    from planted.material import Material

_ASKED = (
    "make the background light blue", "change the jacket to red", "remove the price tag", "把杯子改成绿色",
    "put it on a beach at sunset", "add the text “Summer Sale”", "replace the mug with a glass",
    "换成圣诞背景",
)  # fmt: skip


def _asked(rng: np.random.Generator) -> str:
    return _ASKED[rng.integers(len(_ASKED))]


def _same(material: Material, rng: np.random.Generator) -> Case:
    pixels = material.any_image(rng)
    return Case(before=pixels, after=pixels.copy(), instruction=_asked(rng))


def _anew(material: Material, rng: np.random.Generator) -> Case:
    pixels = material.any_image(rng)
    return Case(before=pixels, after=repainted(pixels, rng), instruction=_asked(rng))


def _encoded(material: Material, rng: np.random.Generator) -> Case:
    pixels = material.any_image(rng)
    return Case(before=pixels, after=jpeg(pixels, int(rng.integers(70, 95))), instruction=_asked(rng))


def _resampled(material: Material, rng: np.random.Generator) -> Case:
    """Through another size and back, as an engine with sizes of its own does, with a shift below a pixel."""
    pixels = material.any_image(rng)
    height, width = pixels.shape[:2]
    size = tuple(16 * round(length * rng.uniform(0.7, 1) / 16) for length in (width, height))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    move = np.array([[1, 0, rng.uniform(-0.4, 0.4)], [0, 1, rng.uniform(-0.4, 0.4)]], np.float32)
    back = cv2.resize(small, (width, height), interpolation=cv2.INTER_LANCZOS4)
    after = cv2.warpAffine(back, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return Case(before=pixels, after=after, instruction=_asked(rng))


def _patch(material: Material, rng: np.random.Generator, share: float) -> tuple[Pixels, tuple[slice, slice]]:
    pixels = material.any_image(rng)
    height, width = pixels.shape[:2]
    side = round((share * height * width) ** 0.5)
    top, left = rng.integers(height - side), rng.integers(width - side)
    return pixels, (slice(top, top + side), slice(left, left + side))


def _small_text(material: Material, rng: np.random.Generator) -> Case:
    """A line of letters as high as a fortieth of the image."""
    pixels = material.any_image(rng)
    height, width = pixels.shape[:2]
    after = repainted(pixels, rng)
    at = (round(width * rng.uniform(0.05, 0.4)), round(height * rng.uniform(0.2, 0.8)))
    around = after[max(0, at[1] - height // 30) : at[1], at[0] : at[0] + width // 3]
    ink = (10, 10, 10) if around.mean() > 110 else (245, 245, 245)
    after = np.ascontiguousarray(after)
    cv2.putText(after, "Summer Sale 50 %", at, cv2.FONT_HERSHEY_DUPLEX, height / 40 / 22, ink, 2, cv2.LINE_AA)
    return Case(before=pixels, after=after, instruction="add the text “Summer Sale 50 %”")


def _small_recolour(material: Material, rng: np.random.Generator) -> Case:
    """One part of a hundredth of the image in another colour."""
    pixels, part = _patch(material, rng, rng.uniform(0.008, 0.05))
    after = repainted(pixels, rng).astype(np.float32)
    after[part] = after[part] * 0.6 + 0.4 * rng.choice([[210, 20, 30], [20, 60, 200], [20, 150, 60]])
    return Case(before=pixels, after=levels(after), instruction="make the button red")


def _slightly_brighter(material: Material, rng: np.random.Generator) -> Case:
    pixels = material.photograph(rng)
    factor = rng.choice([0.85, 1.15])
    after = levels(255 * (repainted(pixels, rng) / 255.0) ** (1 / factor))
    return Case(before=pixels, after=after, instruction="make it a little brighter")


FAULTS: Kinds = {
    "the same pixels": _same,
    "painted anew": _anew,
    "encoded again": _encoded,
    "resampled": _resampled,
}
CLEAN: Kinds = {
    "small text added": _small_text,
    "small part recoloured": _small_recolour,
    "slightly brighter": _slightly_brighter,
}
