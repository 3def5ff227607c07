"""White backgrounds that are not white, products that are cut at the border or too small, and whole ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.edits import by_engine
from planted.material import levels
from planted.repainting import repainted
from qie_batch.model import Checks

if TYPE_CHECKING:
    from planted.cases import Kinds, Maker, Pixels
    from planted.material import Material, Scene

_ASKED = (
    "make the background white",
    "white background",
    "纯白背景",
    "白底图",
    "put it on a pure white background",
)


def _case(before: Pixels, after: Pixels, rng: np.random.Generator) -> Case:
    """Half of them because of the instruction, half for a channel."""
    if rng.random() < 0.5:
        return Case(before=before, after=after, instruction=_ASKED[rng.integers(len(_ASKED))])
    return Case(
        before=before, after=after, instruction="cut out the product", checks=Checks(channel="amazon")
    )


def _on(scene: Scene, backdrop: np.ndarray | float, move: np.ndarray | None = None) -> Pixels:
    """The product on a new backdrop, moved by an affine matrix."""
    product, cover = scene.product, scene.cover
    size = cover.shape[::-1]
    if move is not None:
        product, cover = (cv2.warpAffine(each, move, size, flags=cv2.INTER_AREA) for each in (product, cover))
    share = cover[..., None].astype(np.float32) / 255
    return levels(share * product + (1 - share) * backdrop)


def _clear(rgb: Pixels, cover: Pixels) -> bool:
    """Whether the product can be told from white at all."""
    return float((255 - rgb.min(axis=2))[cover > 200].mean()) > 70


def _scene(material: Material, rng: np.random.Generator) -> Scene:
    while True:
        scene = material.scene(rng, (96, 144, 205) if rng.random() < 0.5 else (225, 225, 225))
        if _clear(scene.product, scene.cover) and _inside(scene.cover):
            return scene


def _inside(cover: Pixels) -> bool:
    edge = round(0.03 * len(cover))
    inner = cover[edge:-edge, edge:-edge]
    return bool((cover > 10).sum() == (inner > 10).sum())


def _off_white(material: Material, rng: np.random.Generator) -> Case:
    scene = _scene(material, rng)
    backdrop = rng.uniform(225, 245) + rng.uniform(-3, 3, 3)
    return _case(scene.pixels, _on(scene, backdrop + rng.normal(0, 0.8, scene.product.shape)), rng)


def _uneven(material: Material, rng: np.random.Generator) -> Case:
    """White in the middle, grey in a corner or towards the floor."""
    scene = _scene(material, rng)
    height, width = scene.cover.shape
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    depth = rng.uniform(18, 60)
    away = down if rng.random() < 0.5 else np.hypot(down - 0.5, across - 0.5) * 1.4
    backdrop = 255 - depth * np.clip((away - 0.55) / 0.45, 0, 1)
    return _case(scene.pixels, _on(scene, backdrop[..., None]), rng)


def _as_before(material: Material, rng: np.random.Generator) -> Case:
    scene = _scene(material, rng)
    return _case(scene.pixels, repainted(scene.pixels, rng), rng)


def _cut(material: Material, rng: np.random.Generator) -> Case:
    """Moved so far that a part of the product is beyond the border."""
    scene = _scene(material, rng)
    left, top, width, height = cv2.boundingRect((scene.cover > 128).astype(np.uint8))
    side = len(scene.cover)
    beyond = rng.uniform(0.08, 0.3)
    ways = (
        (-left - beyond * width, 0),
        (side - left - width + beyond * width, 0),
        (0, -top - beyond * height),
        (0, side - top - height + beyond * height),
    )
    across, down = ways[rng.integers(4)]
    return _case(scene.pixels, _on(scene, 255.0, np.array([[1, 0, across], [0, 1, down]], np.float32)), rng)


def _small(material: Material, rng: np.random.Generator) -> Case:
    scene = _scene(material, rng)
    _left, _top, width, height = cv2.boundingRect((scene.cover > 128).astype(np.uint8))
    side = len(scene.cover)
    scale = rng.uniform(0.12, 0.32) * side / max(width, height)
    middle = (1 - scale) * side / 2
    after = _on(scene, 255.0, np.array([[scale, 0, middle], [0, scale, middle]], np.float32))
    return Case(before=scene.pixels, after=after, checks=Checks(channel="amazon"))


def _white(material: Material, rng: np.random.Generator, *, shadow: bool) -> Case:
    scene = _scene(material, rng)
    backdrop: np.ndarray | float = 255.0
    if shadow:
        soft = cv2.GaussianBlur(np.roll(scene.cover, len(scene.cover) // 60, axis=0), (0, 0), 8)
        backdrop = 255.0 * (1 - 0.3 * soft[..., None].astype(np.float32) / 255)
    after = _on(scene, backdrop)
    return _case(scene.pixels, after, rng)


def _cut_before(material: Material, rng: np.random.Generator) -> Case:
    """A product that the input cuts is not whole in the result."""
    scene = _scene(material, rng)
    _left, top, _width, height = cv2.boundingRect((scene.cover > 128).astype(np.uint8))
    part = slice(top + height // 4, None), slice(None)
    before, after = scene.pixels[part], _on(scene, 255.0)[part]
    return Case(before=before, after=after, instruction=_ASKED[rng.integers(len(_ASKED))])


def _kind(make: object, **options: object) -> Maker:
    return partial(make, **options)  # type: ignore[arg-type]


FAULTS: Kinds = {
    "off white": _off_white,
    "grey towards a side": _uneven,
    "background as before": _as_before,
    "product cut at the border": _cut,
    "product too small": _small,
}
CLEAN: Kinds = {
    "white": _kind(_white, shadow=False),
    "white with a soft shadow": _kind(_white, shadow=True),
    "cut by the input": _cut_before,
    "white by the classic engine": by_engine(_ASKED, scenes=True),
}
