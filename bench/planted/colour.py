"""Products and backgrounds in a colour that was not asked for, and in the one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from planted.cases import Case
from planted.edits import by_engine
from planted.material import levels
from planted.repainting import repainted
from qie_batch.colours import BY_WORD
from qie_batch.model import Checks
from qie_batch.vision.colour_distance import ciede2000, lab_of

if TYPE_CHECKING:
    from planted.cases import Kinds, Pixels
    from planted.material import Material, Scene

#: Names that are told apart at a glance, with their Chinese; wrong ones are at least _APART from the wanted.
_NAMES = {
    "red": "红色", "orange": "橙色", "yellow": "黄色", "green": "绿色", "teal": "青色", "blue": "蓝色",
    "purple": "紫色", "pink": "粉色", "brown": "棕色", "navy": "藏青色", "beige": "米色",
    "burgundy": "酒红色",
    "olive": "橄榄绿", "turquoise": "绿松石色", "light blue": "浅蓝色", "dark green": "深绿色",
}  # fmt: skip
_APART = 22.0


def _asked(rng: np.random.Generator, name: str, of: str) -> str:
    chinese = {"product": f"把产品改成{_NAMES[name]}", "background": f"背景换成{_NAMES[name]}"}[of]
    english = (
        {"product": f"change the product to {name}", "background": f"make the background {name}"}[of],
        {"product": f"make the product {name}", "background": f"put it on a plain {name} background"}[of],
    )
    return (*english, chinese)[rng.integers(3)]


def _pair(rng: np.random.Generator, *, apart: bool) -> tuple[str, tuple[int, int, int]]:
    """A name that is asked for, and a colour that is it or is clearly not."""
    names = list(_NAMES)
    wanted = names[rng.integers(len(names))]
    rgb = BY_WORD[wanted].rgb
    if apart:
        others = [BY_WORD[name].rgb for name in names if _distance(rgb, BY_WORD[name].rgb) > _APART]
        rgb = others[rng.integers(len(others))]
    varied = np.array(rgb, float) * rng.uniform(0.88, 1.1) + rng.uniform(-8, 8, 3)
    return wanted, tuple(int(part) for part in np.clip(varied, 0, 255))


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    first, second = (lab_of(np.array([[rgb]], np.uint8)) for rgb in (one, other))
    return float(ciede2000(first, second, lightness=3.0)[0, 0])


def painted(scene: Scene, rgb: tuple[int, int, int]) -> Pixels:
    """The product in another paint, with its light and shade; parts that stand out keep their colour."""
    lab = lab_of(scene.product)
    cover = scene.cover > 128
    own = np.median(lab[cover], axis=0)
    target = lab_of(np.array([[rgb]], np.uint8))[0, 0]
    new = lab.copy()
    new[..., 1:] = target[1:]
    new[..., 0] = np.clip(target[0] + (lab[..., 0] - own[0]) * 0.7, 3, 98)
    rest = np.linalg.norm(lab - own, axis=2) > 45
    new[rest] = lab[rest]
    rgb_pixels = cv2.cvtColor(new, cv2.COLOR_LAB2RGB) * 255
    share = scene.cover[..., None].astype(np.float32) / 255
    return levels(share * rgb_pixels + (1 - share) * scene.pixels)


def _product(*, apart: bool, expected: bool = False) -> object:
    def make(material: Material, rng: np.random.Generator) -> Case:
        while True:
            scene = material.scene(rng)
            wanted, rgb = _pair(rng, apart=apart)
            own = np.median(scene.product[scene.cover > 128], axis=0)
            if _distance(tuple(int(part) for part in own), rgb) > 12:
                break
        return Case(
            before=scene.pixels,
            after=repainted(painted(scene, rgb), rng),
            instruction="recolour it" if expected else _asked(rng, wanted, "product"),
            checks=Checks(expect_color=wanted if expected else ""),
        )

    return make


def _background(*, apart: bool) -> object:
    def make(material: Material, rng: np.random.Generator) -> Case:
        scene = material.scene(rng)
        wanted, rgb = _pair(rng, apart=apart)
        height, width = scene.cover.shape
        down = np.linspace(1.03, 0.93, height, dtype=np.float32)[:, None, None]
        share = scene.cover[..., None].astype(np.float32) / 255
        after = share * scene.product + (1 - share) * np.array(rgb, np.float32) * down * np.ones(
            (1, width, 1)
        )
        return Case(
            before=scene.pixels,
            after=repainted(levels(after), rng),
            instruction=_asked(rng, wanted, "background"),
        )

    return make


_RECOLOURS = tuple(
    f"change the {source} {thing} to {target}"
    for source in ("red", "blue", "green", "orange", "yellow", "purple")
    for thing in ("product", "parts")
    for target in ("red", "blue", "dark green", "orange", "navy", "pink", "burgundy", "teal")
    if source not in target
)

FAULTS: Kinds = {
    "product in another colour": _product(apart=True),
    "product in another colour than expect_color": _product(apart=True, expected=True),
    "background in another colour": _background(apart=True),
}
CLEAN: Kinds = {
    "product in the colour": _product(apart=False),
    "product in the colour of expect_color": _product(apart=False, expected=True),
    "background in the colour": _background(apart=False),
    "recoloured by the classic engine": by_engine(_RECOLOURS, scenes=False),
}
