"""Legitimate edits that every gate must pass: by the classic engine, by composition, and painted anew."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from photographs.rows import read_rows, read_verdicts

from planted.cases import Case
from planted.material import levels
from planted.repainting import repainted
from qie_batch.images import decode

if TYPE_CHECKING:
    from planted.cases import Kinds, Maker, Pixels
    from planted.material import Material

#: Edits that the classic engine makes of any image.
ADJUSTMENTS = (
    "make it brighter", "make it 15% darker", "increase the contrast", "make the colors warmer", "更冷一点",
    "make it black and white", "increase the saturation", "sharpen the image", "调亮一点", "vintage look",
    "autumn mood", "提高对比度", "auto levels", "fix the white balance",
)  # fmt: skip
SHAPES = (
    "crop to a square", "crop to 4:5", "rotate 90 degrees", "flip horizontally", "resize to 512 px wide",
    "add 60 px white margin", "裁剪成 1:1", "左右翻转", "add a 12 px black border", "pad to 16:9",
)  # fmt: skip
BACKGROUNDS = (
    "make the background white", "make the background light blue", "把背景换成白色", "remove the background",
    "make the background #e8e0d0", "换成浅灰色背景", "white background with a soft shadow", "白底图",
)  # fmt: skip
_TRIES = 60
#: Levels by which an edit changes the image on average, below which there was nothing to do.
_LEAST_CHANGE = 1.5


def by_engine(instructions: tuple[str, ...], *, scenes: bool, anew: bool = False) -> Maker:
    def make(material: Material, rng: np.random.Generator) -> Case:
        for _ in range(_TRIES):
            pixels = material.scene(rng).pixels if scenes else material.any_image(rng)
            instruction = instructions[rng.integers(len(instructions))]
            found = material.edited(pixels, instruction)
            if found is not None and _did_something(pixels, *found):
                after, alpha = found
                after = repainted(after, rng) if anew and alpha is None else after
                return Case(before=pixels, after=after, after_alpha=alpha, instruction=instruction)
        raise SystemExit(f"The classic engine refuses all of: {', '.join(instructions)}")

    return make


def _did_something(before: Pixels, after: Pixels, alpha: Pixels | None) -> bool:
    """Not so for a crop of a square to a square, and for the white balance of an image that has it."""
    if alpha is not None or before.shape != after.shape:
        return True
    return float(np.abs(before.astype(np.int16) - after).mean()) > _LEAST_CHANGE


@lru_cache(maxsize=1)
def _right_rows() -> list[tuple[str, str]]:
    """Photograph and instruction of the edits of photos.csv in which people saw nothing wrong."""
    verdicts = {row: word for (row, _pixels), word in read_verdicts().items()}
    return [(row.photo, row.instruction) for row in read_rows() if verdicts.get(row.number) == "right"]


def looked_at(material: Material, rng: np.random.Generator) -> Case:
    """An edit of a photograph that a person found right."""
    rows = _right_rows()
    for _ in range(_TRIES):
        photo, instruction = rows[rng.integers(len(rows))]
        image = decode((material.cache / photo).read_bytes()).convert("RGB")
        image.thumbnail((material.side, material.side))
        pixels = np.asarray(image)
        found = material.edited(pixels, instruction)
        if found is not None and _did_something(pixels, *found):
            return Case(before=pixels, after=found[0], after_alpha=found[1], instruction=instruction)
    raise SystemExit("The classic engine refuses the edits of photos.csv.")


def new_scene(material: Material, rng: np.random.Generator) -> Case:
    """The product as it was before a part of a photograph, as a model puts it into a scene, with a shadow."""
    scene = material.scene(rng)
    height, width = scene.cover.shape
    behind = cv2.resize(material.photograph(rng), (width, height), interpolation=cv2.INTER_AREA)
    behind = cv2.GaussianBlur(behind, (0, 0), rng.uniform(1, 6)).astype(np.float32)
    soft = cv2.GaussianBlur(np.roll(scene.cover, height // 40, axis=0), (0, 0), width / 40)
    behind *= 1 - 0.5 * soft[..., None].astype(np.float32) / 255
    cover = scene.cover[..., None].astype(np.float32) / 255
    after = repainted(levels(cover * scene.product + (1 - cover) * behind), rng)
    return Case(before=scene.pixels, after=after, instruction=_scene_words(rng))


def _scene_words(rng: np.random.Generator) -> str:
    words = (
        "place it in a sunny park",
        "put the product on a kitchen table",
        "把背景换成海边",
        "背景换成客厅",
    )
    return words[rng.integers(len(words))]


CLEAN: Kinds = {
    "adjusted": by_engine(ADJUSTMENTS, scenes=False),
    # A painter that takes the finest detail undoes a sharpening.
    "adjusted, painted anew": by_engine(
        tuple(each for each in ADJUSTMENTS if "sharpen" not in each), scenes=False, anew=True
    ),
    "cropped, turned, resized": by_engine(SHAPES, scenes=False),
    "new plain background": by_engine(BACKGROUNDS, scenes=True),
    "new background, painted anew": by_engine(BACKGROUNDS, scenes=True, anew=True),
    "new scene": new_scene,
    "looked at by people": looked_at,
}
