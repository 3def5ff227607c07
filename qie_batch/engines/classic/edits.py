"""The operations of the engine as values. Angles are clockwise; shares are of 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.colours import Colour, HueFamily


class Tone(StrEnum):
    WARM = "warm"
    COOL = "cool"
    AUTUMN = "autumn"
    VINTAGE = "vintage"


class Place(StrEnum):
    TOP = "top"
    CENTRE = "centre"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"
    TOP_LEFT = "top left"
    TOP_RIGHT = "top right"
    BOTTOM_LEFT = "bottom left"
    BOTTOM_RIGHT = "bottom right"


class Axis(StrEnum):
    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBackground:
    #: None makes the background transparent.
    colour: Colour | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddShadow:
    """A soft shadow of the product, on its plain background or on transparent pixels."""

    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HueChange:
    #: None is the product's own hue, where it has one.
    source: HueFamily | None
    target: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Recolour:
    """Changes of hue families, all selected in the same image: two that exchange colours are a swap."""

    changes: tuple[HueChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTone:
    tone: Tone
    #: 1 is the usual effect, 0.5 a slight one.
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBrightness:
    #: The share by which middle lightness rises (0.2: by 20 %) or falls (-0.2).
    change: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContrast:
    change: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSaturation:
    change: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpen:
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoLevels:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceWhite:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeGrey:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteText:
    text: str
    place: Place
    #: None is black or white, by the higher contrast.
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceText:
    """The new text in the place of each occurrence of the old one."""

    old: str
    #: Empty takes the old one away.
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateText:
    """Each text of the image by its translation in the glossary."""

    #: "english", "chinese", or empty for the second column of the glossary.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """The largest part of this ratio, around the middle."""

    #: Width to height, such as (4, 5).
    ratio: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    """Cut off the transparent or plain margin around the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Add margin in `colour`; exactly one of the three measures is given."""

    #: Width to height of the result.
    ratio: tuple[int, int] | None = None
    #: Pixels on each side.
    pixels: int | None = None
    #: Share of the longer side, on each side.
    share: float | None = None
    #: None continues the border of the image: transparent, or its colour.
    colour: Colour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """To a width, a height, or both (then between bands, never stretched), a longer side, or by a factor."""

    width: int | None = None
    height: int | None = None
    #: Pixels of the longer side; without the others.
    longest: int | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotate:
    degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """HORIZONTAL exchanges left and right."""

    axis: Axis


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBorder:
    """A frame drawn around the image, which grows by it; exactly one of the two measures is given."""

    pixels: int | None = None
    #: Share of the shorter side.
    share: float | None = None
    colour: Colour


Operation = (
    SetBackground
    | AddShadow
    | Recolour
    | SetTone
    | SetBrightness
    | SetContrast
    | SetSaturation
    | Sharpen
    | AutoLevels
    | BalanceWhite
    | MakeGrey
    | WriteText
    | ReplaceText
    | TranslateText
    | Crop
    | Trim
    | Pad
    | Resize
    | Rotate
    | Flip
    | AddBorder
)
