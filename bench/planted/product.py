"""Products before a new backdrop whose logo or label is no longer what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from planted.cases import Case
from planted.drawing import FONT
from planted.material import BACKDROPS, jpeg, levels
from planted.moving import over
from planted.repainting import repainted

if TYPE_CHECKING:
    from collections.abc import Callable

    from planted.cases import Kinds, Maker, Pixels
    from planted.material import Material, Scene

#: A logo is so wide, as a share of the image; levels by which it must vary.
_WIDTH, _DETAIL = 0.14, 22.0
_WORDS = ("NORDIC", "aurora", "Trail 7", "BIO", "鲜果", "No. 12", "SUNDAY")


def _logo(scene: Scene, rng: np.random.Generator) -> tuple[Pixels, tuple[slice, slice]]:
    """The product with a logo, and where that is: its own, or a word where it has none."""
    side = round(_WIDTH * max(scene.cover.shape))
    grey = cv2.cvtColor(scene.product, cv2.COLOR_RGB2GRAY).astype(np.float32)
    size = (side, side)
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, size) - cv2.blur(grey, size) ** 2, 0))
    whole = cv2.erode(scene.cover, np.ones((side + 9, side + 9), np.uint8), borderValue=0) > 230
    if not whole.any():
        whole = scene.cover == cv2.erode(scene.cover, np.ones((side // 2, side // 2), np.uint8)).max()
    spread[~whole] = -1
    _least, most, _at, (across, down) = cv2.minMaxLoc(spread)
    top, left = max(0, down - side // 2), max(0, across - side // 2)
    part = slice(top, top + side), slice(left, left + side)
    if most >= _DETAIL:
        return scene.product, part
    image = Image.fromarray(scene.product)
    ink = (245, 245, 240) if grey[part].mean() < 120 else (20, 20, 25)
    word = _WORDS[rng.integers(len(_WORDS))]
    font = ImageFont.truetype(str(FONT), round(1.5 * side / max(4, len(word))))
    ImageDraw.Draw(image).text((across, down), word, font=font, fill=ink, anchor="mm")
    return np.asarray(image), part


def _blurred(part: Pixels, rng: np.random.Generator) -> Pixels:
    return cv2.GaussianBlur(part, (0, 0), len(part) * rng.uniform(0.06, 0.1))


def _garbled(part: Pixels, rng: np.random.Generator) -> Pixels:
    """Every few pixels from elsewhere: letters that look like letters and are none."""
    side = len(part)
    down, across = np.mgrid[:side, :side].astype(np.float32)
    field = rng.normal(0, 1, (2, 7, 7)).astype(np.float32)
    moved = [cv2.resize(each, (side, side), interpolation=cv2.INTER_CUBIC) * side * 0.09 for each in field]
    return cv2.remap(
        part, across + moved[0], down + moved[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )


def _gone(part: Pixels, _rng: np.random.Generator) -> Pixels:
    """Painted over with what is around."""
    mask = np.zeros(part.shape[:2], np.uint8)
    edge = max(2, len(part) // 14)
    mask[edge:-edge, edge:-edge] = 1
    return cv2.inpaint(part, mask, 3, cv2.INPAINT_TELEA)


def _mirrored(part: Pixels, _rng: np.random.Generator) -> Pixels:
    return part[:, ::-1]


def _fault(change: Callable[[Pixels, np.random.Generator], Pixels] | None, *, relit: bool = False) -> Maker:
    def make(material: Material, rng: np.random.Generator) -> Case:
        scene = material.scene(rng)
        product, part = _logo(scene, rng)
        before = levels(over(scene.cover, product, np.array(BACKDROPS[rng.integers(len(BACKDROPS))])))
        other = product.copy()
        if change:
            soft = np.zeros(scene.cover.shape, np.float32)
            soft[part] = 1
            soft = cv2.GaussianBlur(soft, (0, 0), 2)[..., None]
            wrong = other.copy()
            wrong[part] = change(np.ascontiguousarray(product[part]), rng)
            other = levels(other * (1 - soft) + soft * wrong)
        if relit:
            across = np.linspace(rng.uniform(0.8, 1.15), rng.uniform(0.8, 1.15), other.shape[1])[
                None, :, None
            ]
            other = levels(other * across * rng.uniform(0.94, 1.06, 3))
        height, width = scene.cover.shape
        behind = cv2.resize(material.photograph(rng), (width, height), interpolation=cv2.INTER_AREA)
        behind = cv2.GaussianBlur(behind, (0, 0), rng.uniform(1, 5)).astype(np.float32)
        after = repainted(levels(over(scene.cover, other, behind)), rng)
        return Case(
            before=jpeg(before, int(rng.integers(80, 96))),
            after=jpeg(after, int(rng.integers(80, 96))),
            instruction="put the product on a kitchen table" if rng.random() < 0.5 else "把背景换成海边",
        )

    return make


FAULTS: Kinds = {
    "logo blurred": _fault(_blurred),
    "logo garbled": _fault(_garbled),
    "logo gone": _fault(_gone),
    "logo mirrored": _fault(_mirrored),
}
CLEAN: Kinds = {"painted anew": _fault(None), "in another light": _fault(None, relit=True)}
