"""Texts that are misspelt, missing or still there, and texts that are as they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from planted.cases import Case
from qie_batch.engines.classic.lettering.typesetting import face_of, load_font
from qie_batch.model import Checks

if TYPE_CHECKING:
    from planted.cases import Kinds, Maker, Pixels
    from planted.material import Material

#: Old texts and the new ones.
_PAIRS = (
    ("新品上市", "New Arrival"), ("限时特惠", "Limited Offer"), ("夏季新款", "Summer Styles"),
    ("Winter Sale", "冬季特卖"), ("Free shipping", "免费配送"), ("Best Seller", "热卖爆款"),
    ("Organic Cotton", "有机棉花"), ("买一送一", "Buy one get one"), ("Final Sale", "清仓特卖"),
    ("手工制作", "Made by hand"), ("Members Only", "会员专享"), ("品质生活", "Quality Living"),
)  # fmt: skip
#: Characters that look alike: a model that misspells Chinese writes one for the other.
_LOOKALIKES = {"品": "晶", "上": "土", "市": "布", "特": "持", "季": "李", "卖": "买", "免": "兔", "冬": "务",
               "配": "酌", "机": "杌", "棉": "锦", "热": "势", "爆": "瀑", "清": "请", "会": "云", "员": "贡",
               "生": "主", "活": "话"}  # fmt: skip


def _written(pixels: Pixels, text: str, rng: np.random.Generator) -> Pixels:
    """The text on a plate at the foot of the image."""
    image = Image.fromarray(pixels)
    width, height = image.size
    tall = round(height * float(rng.uniform(0.13, 0.18)))
    plate = tuple(int(part) for part in rng.integers(0, 90, 3) + (rng.random() < 0.5) * 160)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height - tall, width, height), fill=plate)
    ink = (20, 20, 24) if sum(plate) > 380 else (250, 250, 250)
    font = load_font(face_of(text)).font_variant(size=round(min(tall * 0.6, 1.5 * width / (len(text) + 1))))
    pen.text((width // 2, height - tall // 2), text, font=font, fill=ink, anchor="mm")
    return np.asarray(image)


def _misspelt(text: str, rng: np.random.Generator) -> str:
    """One letter left out, doubled or exchanged with its neighbour; in Chinese, one that looks alike."""
    if not text.isascii():
        places = [at for at, letter in enumerate(text) if letter in _LOOKALIKES]
        at = places[rng.integers(len(places))] if places else 0
        return text[:at] + _LOOKALIKES.get(text[at], "") + text[at + 1 :]
    places = [at for at in range(1, len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    at = places[rng.integers(len(places))]
    if text[at] == text[at + 1] or rng.random() < 0.4:
        return text[:at] + text[at + 1 :]
    if rng.random() < 0.5:
        return text[: at + 1] + text[at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _asked(old: str, new: str, rng: np.random.Generator) -> str:
    return (
        f'replace the text "{old}" with "{new}"',
        f"把图中文案“{old}”改成“{new}”",
        f"Change the words “{old}” to “{new}” and keep everything else",
    )[rng.integers(3)]


def _replaced(found: str) -> Maker:
    """What is on the result where the new text should be: "new", "old", "misspelt" or "nothing"."""

    def make(material: Material, rng: np.random.Generator) -> Case:
        scene = material.scene(rng)
        old, new = _PAIRS[rng.integers(len(_PAIRS))]
        texts = {"new": new, "old": old, "misspelt": _misspelt(new, rng)}
        seed = int(rng.integers(1 << 30))
        before = _written(scene.pixels, old, np.random.default_rng(seed))
        after = (
            _written(scene.pixels, texts[found], np.random.default_rng(seed))
            if found in texts
            else scene.pixels
        )
        return Case(before=before, after=after, instruction=_asked(old, new, rng))

    return make


def _expected(*, there: bool) -> Maker:
    """`expect_text` with an instruction that quotes nothing."""

    def make(material: Material, rng: np.random.Generator) -> Case:
        scene = material.scene(rng)
        _, new = _PAIRS[rng.integers(len(_PAIRS))]
        after = _written(scene.pixels, new if there else _misspelt(new, rng), rng)
        return Case(
            before=scene.pixels,
            after=after,
            instruction="write our slogan",
            checks=Checks(expect_text=(new,)),
        )

    return make


def _kept(*, gone: bool) -> Maker:
    """A text to be removed."""

    def make(material: Material, rng: np.random.Generator) -> Case:
        scene = material.scene(rng)
        old, _ = _PAIRS[rng.integers(len(_PAIRS))]
        before = _written(scene.pixels, old, rng)
        after = scene.pixels if gone else before
        return Case(before=before, after=after, instruction=f'remove the text "{old}"')

    return make


FAULTS: Kinds = {
    "new text misspelt": _replaced("misspelt"),
    "old text left": _replaced("old"),
    "new text missing": _replaced("nothing"),
    "expect_text misspelt": _expected(there=False),
    "removed text left": _kept(gone=False),
}
CLEAN: Kinds = {
    "new text as asked": _replaced("new"),
    "expect_text as asked": _expected(there=True),
    "removed text gone": _kept(gone=True),
}
