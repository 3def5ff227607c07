"""The headers that mean a column, and qie-batch's own headers."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Column -> the other headers that mean it (letter case and surrounding spaces do not matter).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": (
        "sku", "custom_id", "item_sku", "Variant SKU", "货号", "商家编码",
        "Handle", "URL handle", "contribution_sku", "Product ID", "CustomLabel", "Custom label (SKU)",
        "商品编码", "商品编号", "款号", "编号",
    ),
    "image": (
        "image_link", "image_url", "Image Src", "main_image_url", "url", "主图",
        "Images", "Product image URL", "main_product_image_locator", "Image URLs", "Image URLs (x,y,z...)",
        "base_image", "IMAGE1", "PicURL", "Item photo URL",
        "图片", "商品图片", "商品主图", "宝贝主图", "图片链接", "图片地址", "主图链接",
    ),
    "instruction": ("prompt", "edit", "指令", "提示词"),
    "ref_image_2": (),
    "ref_image_3": (),
    "negative": ("negative_prompt",),
    "preset": (),
    "lora": (),
    "steps": (),
    "cfg": (),
    "seed": (),
    "size": (),
    "variants": (),
    "priority": (),
    "output": (),
    "keep_alpha": ("keep_transparency", "保留透明"),
    "strip_metadata": ("去除元数据",),
    "lock": (),
    "align": (),
    "keep_mask": (),
    "expect_text": (),
    "expect_color": ("expect_colour",),
    "export_channel": (),
    "gates": (),
    "rerolls": (),
}  # fmt: skip

#: The columns of further images, in the order in which the engine gets them.
REFERENCES = ("ref_image_2", "ref_image_3")

#: Headers that say something else in many tables; their cells decide (docs/decisions/0020-general-words.md).
GENERAL = frozenset(
    (
        *("url", "edit", "negative", "preset", "lora", "steps", "cfg", "seed", "size"),
        *("variants", "priority", "output", "lock", "align"),
    )
)
#: Headers that mean their column where no other header does.
_SPARE = frozenset(
    (
        "handle", "url handle", "contribution_sku", "product id", "customlabel", "custom label (sku)",
        "商品编码", "商品编号", "款号", "编号",
        "images", "product image url", "main_product_image_locator", "image urls", "image urls (x,y,z...)",
        "base_image", "image1", "picurl", "item photo url",
        "图片", "商品图片", "商品主图", "宝贝主图", "图片链接", "图片地址", "主图链接",
        "提示词",
    )
)  # fmt: skip

#: Headers with this prefix were added by qie-batch to a file that comes back.
OWN_PREFIX = "qie_"
#: Own column of errors.csv: where the relative image paths of the row start.
FOLDER_COLUMN = "qie_folder"
#: Own columns of a row that is one of several made from a product: its id and its image.
ID_COLUMN, IMAGE_COLUMN = "qie_id", "qie_image"
#: Own column of errors.csv: which general words were ours and which the user's in the whole manifest.
WORDS_COLUMN = "qie_words"

_GAPS = re.compile(r"[\s_-]+")
#: Amazon adds `[marketplace_id=…]#1.value` to the name of an attribute.
_ATTRIBUTE = re.compile(r"[\[#].*")


def normal(name: str) -> str:
    return (name if name.isascii() else unicodedata.normalize("NFC", name)).strip().casefold()


_MEANING = {normal(name): column for column, others in COLUMNS.items() for name in (column, *others)}
_SPACED = {_GAPS.sub("_", name): column for name, column in _MEANING.items()}


def usual(column: str) -> list[str]:
    """The headers that a person may write for the column; the others are those of exports."""
    return [name for name in COLUMNS[column] if normal(name) not in _SPARE]


def is_own(header: str) -> bool:
    return normal(header).startswith(OWN_PREFIX)


def means_something(header: str) -> bool:
    return bool(meaning(normal(header)))


def meanings(names: Iterable[str], mapping: Mapping[str, str]) -> set[str]:
    """The columns that the names of a row mean."""
    have = {normal(name) for name in names}
    mapped = {column for column, name in mapping.items() if name and normal(name) in have}
    known = {column for name in have if (column := meaning(name))}
    return mapped | (known - set(mapping))


def doubled(names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Normal name -> the first two places from 1, of each name that several columns have."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names, start=1):
        places.setdefault(normal(name), []).append(place)
    return {name: (of[0], of[1]) for name, of in places.items() if len(of) > 1}


_EXACT_RANK, _SPARE_RANK, GENERAL_RANK = range(3)


def rank(key: str) -> int:
    """How sure the meaning of a header is; the lower the surer."""
    name = normal(key)
    if name in GENERAL:
        return GENERAL_RANK
    return _EXACT_RANK if name in _MEANING and name not in _SPARE else _SPARE_RANK


def bare(name: str) -> str:
    """A normal name without what Amazon adds to it."""
    return _ATTRIBUTE.sub("", name)


def meaning(name: str) -> str:
    """The column that a normal name means, "" for none. Amazon's and Google's spellings count too."""
    return (
        _MEANING.get(name)
        or _SPACED.get(_GAPS.sub("_", name))
        or (_MEANING.get(bare(name), "") if "#" in name or "[" in name else "")
    )
