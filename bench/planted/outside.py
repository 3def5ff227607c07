"""Results in which something else changed, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.material import jpeg, levels
from planted.moving import STILL, new_backdrop, new_colour
from planted.repainting import repainted

if TYPE_CHECKING:
    from planted.cases import Kinds, Pixels
    from planted.material import Material


def _other_hue(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    way = rng.uniform(0, 2 * np.pi)
    lab[..., 1:] += rng.uniform(20, 35) * np.array([np.cos(way), np.sin(way)], np.float32)
    return cv2.cvtColor(levels(lab), cv2.COLOR_LAB2RGB)


def _mixed(pixels: Pixels, other: Pixels, where: np.ndarray) -> Pixels:
    share = cv2.GaussianBlur(where.astype(np.float32), (0, 0), 1.5)[..., None]
    return levels(pixels * (1 - share) + share * other)


def _thing(shape: tuple[int, ...], inside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An ellipse of a tenth to a quarter of the region, most of it inside."""
    area = inside.sum() * rng.uniform(0.1, 0.25)
    radius = np.sqrt(area / np.pi)
    rows, columns = np.nonzero(inside)
    best, found = -1, np.zeros(shape[:2], bool)
    for _ in range(12):
        at = rng.integers(len(rows))
        flags = np.zeros(shape[:2], np.uint8)
        axes = (round(radius * rng.uniform(0.8, 1.2)), round(radius))
        cv2.ellipse(flags, (int(columns[at]), int(rows[at])), axes, 0, 0, 360, 1, -1)
        within = int((flags.astype(bool) & inside).sum())
        if within > best:
            best, found = within, flags > 0
    return found


def _other_product_colour(material: Material, rng: np.random.Generator) -> Case:
    scene_case, cover = _with_cover(material, rng)
    return _case(scene_case, _mixed(scene_case.after, _other_hue(scene_case.after, rng), cover), rng)


def _other_product_part(material: Material, rng: np.random.Generator) -> Case:
    case, cover = _with_cover(material, rng)
    part = _thing(case.after.shape, cover, rng) & cover
    return _case(case, _mixed(case.after, _texture(material, case, rng), part), rng)


def _with_cover(material: Material, rng: np.random.Generator) -> tuple[Case, np.ndarray]:
    """A new backdrop, and where the product is."""
    moving = new_backdrop(material, STILL, rng)
    return moving.case, _cover(moving.product, moving.case.after.shape)


def _cover(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    small = np.zeros(tuple(-(-length // 8) for length in shape[:2]), np.uint8)
    small[points[:, 1].astype(int) // 8, points[:, 0].astype(int) // 8] = 1
    return cv2.resize(small, shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0


def _texture(material: Material, case: Case, rng: np.random.Generator) -> Pixels:
    other = material.photograph(rng)
    return cv2.resize(other, case.after.shape[1::-1], interpolation=cv2.INTER_AREA)


def _other_backdrop_colour(material: Material, rng: np.random.Generator) -> Case:
    moving = new_colour(material, STILL, rng)
    behind = ~_cover(moving.product, moving.case.after.shape)
    behind = cv2.erode(behind.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return _case(moving.case, _mixed(moving.case.after, _other_hue(moving.case.after, rng), behind), rng)


def _thing_behind(material: Material, rng: np.random.Generator) -> Case:
    moving = new_colour(material, STILL, rng)
    behind = ~_cover(moving.product, moving.case.after.shape)
    part = _thing(moving.case.after.shape, behind, rng) & behind
    return _case(moving.case, _mixed(moving.case.after, _texture(material, moving.case, rng), part), rng)


def _case(case: Case, after: Pixels, rng: np.random.Generator) -> Case:
    return Case(
        before=case.before, after=jpeg(after, int(rng.integers(85, 96))), instruction=case.instruction
    )


def _kept(material: Material, rng: np.random.Generator, *, spoilt: bool) -> Case:
    """A part of a photograph that is to be kept, with everything else another."""
    pixels = material.photograph(rng)
    keep = np.zeros(pixels.shape[:2], bool)
    height, width = keep.shape
    keep[height // 4 : height // 4 + height // 3, width // 4 : width // 4 + width // 2] = True
    after = _mixed(cv2.GaussianBlur(255 - pixels, (0, 0), 6), pixels, keep)
    if spoilt:
        part = _thing(pixels.shape, keep, rng) & keep
        after = _mixed(after, _other_hue(255 - after, rng), part)
    return Case(before=pixels, after=repainted(after, rng), instruction="paint it anew", keep=_inner(keep))


def _inner(keep: np.ndarray) -> np.ndarray:
    return cv2.erode(keep.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


def _lettered(material: Material, rng: np.random.Generator, *, spoilt: bool) -> Case:
    """A text is added, and the whole image has another colour in the fault."""
    pixels = material.photograph(rng)
    after = repainted(pixels, rng)
    if spoilt:
        after = _other_hue(after, rng)
    after = np.ascontiguousarray(after)
    height, width = after.shape[:2]
    at = (round(0.08 * width), round(height * rng.uniform(0.2, 0.9)))
    cv2.putText(
        after, "Summer Sale", at, cv2.FONT_HERSHEY_DUPLEX, width / 330, (250, 245, 240), 4, cv2.LINE_AA
    )
    return Case(before=pixels, after=after, instruction="add the text “Summer Sale”")


FAULTS: Kinds = {
    "product in another colour": _other_product_colour,
    "part of the product another": _other_product_part,
    "backdrop in another colour": _other_backdrop_colour,
    "a thing on the backdrop": _thing_behind,
    "kept part changed": lambda material, rng: _kept(material, rng, spoilt=True),
    "all recoloured beside a text": lambda material, rng: _lettered(material, rng, spoilt=True),
}
CLEAN: Kinds = {
    "backdrop alone": lambda material, rng: new_backdrop(material, STILL, rng).case,
    "product alone": lambda material, rng: new_colour(material, STILL, rng).case,
    "kept part kept": lambda material, rng: _kept(material, rng, spoilt=False),
    "text alone": lambda material, rng: _lettered(material, rng, spoilt=False),
}
