"""The colours an instruction may name, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HueFamily:
    """An arc of the HSV hue circle in degrees; the end may exceed 360."""

    name: str
    first: float
    last: float


RED = HueFamily(name="red", first=346, last=372)
ORANGE = HueFamily(name="orange", first=12, last=42)
YELLOW = HueFamily(name="yellow", first=42, last=68)
GREEN = HueFamily(name="green", first=68, last=165)
TEAL = HueFamily(name="teal", first=160, last=196)
BLUE = HueFamily(name="blue", first=192, last=255)
PURPLE = HueFamily(name="purple", first=252, last=305)
PINK = HueFamily(name="pink", first=300, last=354)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    name: str
    rgb: tuple[int, int, int]
    #: The hues that a recolour from this colour selects; None for white, grey, beige, which have no hue.
    family: HueFamily | None
    words: tuple[str, ...]


def _colour(rgb: int, family: HueFamily | None, *words: str) -> Colour:
    parts = (rgb >> 16, rgb >> 8 & 0xFF, rgb & 0xFF)
    return Colour(name=words[0], rgb=parts, family=family, words=words)


COLOURS = (
    _colour(0xFFFFFF, None, "white", "白色", "纯白色", "纯白", "白"),
    _colour(0x16171A, None, "black", "黑色", "纯黑色", "黑"),
    _colour(0x8E9196, None, "grey", "gray", "灰色", "灰"),
    _colour(0xE6E7E9, None, "light grey", "light gray", "浅灰色", "浅灰"),
    _colour(0x4A4D52, None, "dark grey", "dark gray", "charcoal", "深灰色", "深灰"),
    _colour(0xEDE3D0, None, "beige", "cream", "ivory", "米色", "米白色", "米白"),
    _colour(0xC42330, RED, "red", "红色", "大红色", "红"),
    _colour(0x7B1E33, RED, "burgundy", "wine red", "dark red", "酒红色", "酒红", "深红色", "深红"),
    _colour(0xE8762B, ORANGE, "orange", "橙色", "橘色", "橙"),
    _colour(0x7A4E32, ORANGE, "brown", "棕色", "褐色", "咖啡色", "棕"),
    _colour(0xF0C02E, YELLOW, "yellow", "黄色", "黄"),
    _colour(0x2F8F4E, GREEN, "green", "绿色", "绿"),
    _colour(0x1F5A3A, GREEN, "dark green", "深绿色", "墨绿色", "深绿", "墨绿"),
    _colour(0xBFE3D0, GREEN, "mint", "mint green", "薄荷绿", "薄荷色", "浅绿色", "light green"),
    _colour(0x1B8A8F, TEAL, "teal", "cyan", "turquoise", "青色", "蓝绿色", "青"),
    _colour(0x2B5FB8, BLUE, "blue", "蓝色", "蓝"),
    _colour(0x9CC4E8, BLUE, "light blue", "sky blue", "浅蓝色", "天蓝色", "浅蓝", "天蓝"),
    _colour(0x1E2F57, BLUE, "navy", "navy blue", "dark blue", "深蓝色", "藏青色", "深蓝", "藏青"),
    _colour(0x6B3FA0, PURPLE, "purple", "violet", "紫色", "紫"),
    _colour(0xCDBBE6, PURPLE, "lavender", "light purple", "浅紫色", "薰衣草色", "浅紫"),
    _colour(0xE98BAE, PINK, "pink", "粉色", "粉红色", "粉红", "粉"),
)

#: Case-folded word -> colour.
BY_WORD = {word: colour for colour in COLOURS for word in colour.words}

_LONGEST_FIRST = sorted(BY_WORD, key=len, reverse=True)

#: Alternations for a pattern, longest word first, so that "light blue" is not read as "blue".
ENGLISH = "|".join(word for word in _LONGEST_FIRST if word.isascii())
GREYS = "|".join(word for word in _LONGEST_FIRST if word.isascii() and BY_WORD[word].family is None)
CHINESE = "|".join(word for word in _LONGEST_FIRST if not word.isascii())
