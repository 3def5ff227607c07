"""Operations of one sentence of which one undoes or forbids the other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import (
    AddBorder,
    Crop,
    Flip,
    MakeGrey,
    Pad,
    Recolour,
    ReplaceText,
    Resize,
    Rotate,
    SetBackground,
    SetBrightness,
    SetContrast,
    SetSaturation,
    SetTone,
    Sharpen,
    Tone,
    TranslateText,
    WriteText,
)

if TYPE_CHECKING:
    from qie_batch.colours import Colour
    from qie_batch.engines.classic.edits import Operation

_LEVELS = (SetBrightness, SetContrast, SetSaturation)
_COLOURING = (Recolour, SetTone, SetSaturation)
#: Opposites, or two looks of the whole image.
_TONES = ({Tone.WARM, Tone.COOL}, {Tone.AUTUMN, Tone.VINTAGE}, {Tone.AUTUMN, Tone.COOL})


def contradiction(operations: tuple[Operation, ...]) -> tuple[str, str] | None:
    """The names of the first two operations that exclude each other."""
    for first, second in combinations(operations, 2):
        if _exclude(first, second):
            return named(first), named(second)
    for operation in operations:
        if isinstance(operation, Recolour):
            pair = _contradiction_within(operation)
            if pair:
                return pair
    return None


def _exclude(first: Operation, second: Operation) -> bool:  # noqa: PLR0911 - one case a kind of operation
    match first, second:
        case SetBackground(), SetBackground():
            return True
        case SetTone(tone=one), SetTone(tone=other):
            return one is other or {one, other} in _TONES
        case (MakeGrey(), other) | (other, MakeGrey()) if isinstance(other, _COLOURING):
            return True
        case (SetBackground() | AddBorder()) as coloured, MakeGrey():
            return coloured.colour is not None and _is_vivid(coloured.colour)
        case (Crop(ratio=one), Crop(ratio=other)) | (Pad(ratio=one), Pad(ratio=other)):
            return one is not None and other is not None and one != other
        case Rotate(degrees=one), Rotate(degrees=other):
            return (one + other) % 360 == 0
        case WriteText(place=one), WriteText(place=other):
            return one is other
        case ReplaceText(old=one), ReplaceText(old=other):
            return one == other
        case (Resize(), Resize()) | (Sharpen(), Sharpen()) | (Flip(), Flip()):
            return isinstance(first, Resize | Sharpen) or first == second
        case _:
            return type(first) is type(second) and isinstance(first, _LEVELS)


def _is_vivid(colour: Colour) -> bool:
    return max(colour.rgb) - min(colour.rgb) > 24


def _contradiction_within(recolour: Recolour) -> tuple[str, str] | None:
    """Two changes of one colour, or of the product's own beside another, which may be the same."""
    for one, other in combinations(recolour.changes, 2):
        if one.source is other.source or one.source is None or other.source is None:
            return f"recolouring to {one.target.name}", f"recolouring to {other.target.name}"
    return None


def named(operation: Operation) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a kind of operation
    """A short name for a sentence to the user."""
    match operation:
        case SetBackground(colour=None):
            return "a transparent background"
        case SetBackground(colour=colour) if colour:
            return f"a {colour.name} background"
        case SetBrightness(change=change):
            return "brighter" if change > 0 else "darker"
        case SetContrast(change=change):
            return "more contrast" if change > 0 else "less contrast"
        case SetSaturation(change=change):
            return "more saturation" if change > 0 else "less saturation"
        case SetTone(tone=tone):
            return f"a {tone} tone"
        case Crop(ratio=(width, height)):
            return f"a crop to {width}:{height}"
        case Pad(ratio=(width, height)):
            return f"margin up to {width}:{height}"
        case Rotate(degrees=degrees):
            return f"a rotation by {degrees:g} degrees"
        case WriteText(text=text, place=place):
            return f'the text "{text}" at the {place}'
        case ReplaceText():
            return "a replaced text"
        case TranslateText():
            return "a translation"
        case MakeGrey():
            return "black and white"
        case Resize():
            return "a resize"
        case Recolour():
            return "a recolour"
        case Pad():
            return "a margin"
        case AddBorder(colour=colour):
            return f"a {colour.name} border"
        case _:
            return type(operation).__name__.lower()
