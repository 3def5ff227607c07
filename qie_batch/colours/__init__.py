"""The colours an instruction may name, in English and Chinese."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import lru_cache

from qie_batch.colours.names import NAMED


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

FAMILIES = {family.name: family for family in (RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, PURPLE, PINK)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    name: str
    rgb: tuple[int, int, int]
    #: The hues that a recolour from this colour selects; None where it has none, as white and gold.
    family: HueFamily | None
    words: tuple[str, ...]


def _colour(rgb: int, family: str | None, words: str) -> Colour:
    spelled = tuple(words.split("|"))
    parts = (rgb >> 16, rgb >> 8 & 0xFF, rgb & 0xFF)
    return Colour(name=spelled[0], rgb=parts, family=FAMILIES[family] if family else None, words=spelled)


COLOURS = tuple(_colour(*row) for row in NAMED)

#: Case-folded word -> colour.
BY_WORD = {word: colour for colour in COLOURS for word in colour.words}

#: What a word of shade does to a colour: the share of white or black mixed in, and the factor of saturation.
_SHADES = {
    "light": (0.55, 0.0, 1.0),
    "pale": (0.7, 0.0, 0.9),
    "pastel": (0.62, 0.0, 0.85),
    "soft": (0.4, 0.0, 0.8),
    "dark": (0.0, 0.45, 1.0),
    "deep": (0.0, 0.3, 1.2),
    "bright": (0.0, 0.0, 1.35),
}


@lru_cache(maxsize=512)
def shaded(shade: str, colour: Colour) -> Colour:
    """The lighter, darker or more vivid form of a colour, of the same family, or the one named so."""
    name = f"{shade} {colour.name}"
    if name in BY_WORD:
        return BY_WORD[name]
    white, black, factor = _SHADES[shade]
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour.rgb))
    vivid = colorsys.hsv_to_rgb(hue, min(1.0, saturation * factor), min(1.0, value * max(1.0, factor - 0.15)))
    mixed = [part * (1 - white) * (1 - black) + white for part in vivid]
    red, green, blue = (round(255 * part) for part in mixed)
    return Colour(name=name, rgb=(red, green, blue), family=colour.family, words=())
