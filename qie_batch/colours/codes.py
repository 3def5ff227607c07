"""Colours given as a code: `#ff8800`, `#f80`, `hex ff8800`, `rgb(255, 136, 0)`, `white (255, 255, 255)`."""

from __future__ import annotations

import colorsys
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.colours import Colour

#: The form of every code after `spelled_alike`.
CODE = "#[0-9a-f]{6}"

_HEX = re.compile(
    r"(?:(?<![a-z])hex(?: ?(?:code|colou?r|value))? ?[:=]? ?)?#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-z])"
    r"|(?<![a-z])hex(?: ?(?:code|colou?r|value))? ?[:=]? ?([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-z])"
    r"|(?<![#\w])((?=\d{0,5}[a-f])(?=[a-f]{0,5}\d)[0-9a-f]{6}|f{6})(?![\w.])"
)
_PARTS = r"(\d{1,3}) ?[, /-] ?(\d{1,3}) ?[, /-] ?(\d{1,3})"
_RGB = re.compile(
    rf"(?<![a-z])rgb ?[:=]? ?\( ?{_PARTS} ?\)|(?<![a-z])rgb ?[:=]? ?{_PARTS}(?![\d%])|\( ?{_PARTS} ?\)"
    r"|(?<![\d.,])(\d{1,3}) ?, ?(\d{1,3}) ?, ?(\d{1,3})(?![\d%,])"
    r"|(?<![a-z])r ?[:=]? ?(\d{1,3})[, ]{0,2}g ?[:=]? ?(\d{1,3})[, ]{0,2}b ?[:=]? ?(\d{1,3})(?!\d)"
)
_BRACKETED = re.compile(rf"\( ?({CODE}) ?\)")
#: Without one of these there is no code.
_POSSIBLE = re.compile(r"[#(]|hex|rgb|\d ?, ?\d|[0-9a-f]{6}|\bg ?[:=]? ?\d")


def spelled_alike(plain: str) -> str:
    """The text with each code as `#rrggbb`, without its brackets; a number above 255 stays as it is."""
    if not _POSSIBLE.search(plain):
        return plain
    plain = _RGB.sub(_from_parts, _HEX.sub(_from_hex, plain))
    return _BRACKETED.sub(r" \1 ", plain)


def agreed(colours: list[Colour]) -> Colour | None:
    """The colour that all these words name, a code before a name; None if they contradict each other."""
    named = [colour for colour in colours if not _is_code(colour)]
    codes = [colour for colour in colours if _is_code(colour)]
    if len(set(map(id, named))) > 1 or len({code.rgb for code in codes}) > 1 or not colours:
        return None
    if not codes:
        return named[0]
    return codes[0] if all(_agrees(name, codes[0].rgb) for name in named) else None


def _is_code(colour: Colour) -> bool:
    return colour.name.startswith("#")


def _from_hex(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    return f" #{digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)} "


def _from_parts(found: re.Match[str]) -> str:
    parts = [int(part) for part in found.groups() if part is not None]
    return f" #{bytes(parts).hex()} " if max(parts) < 256 else found[0]


def _agrees(named: Colour, rgb: tuple[int, int, int]) -> bool:
    """Whether the name may be said of the code: the same hues, or about as grey and as light."""
    chroma, own = max(rgb) - min(rgb), max(named.rgb) - min(named.rgb)
    if named.family is None and own <= 60:
        return chroma <= 40 + own and abs(sum(rgb) - sum(named.rgb)) <= 3 * 70
    hue = 360 * colorsys.rgb_to_hsv(*rgb)[0]
    middle = 360 * colorsys.rgb_to_hsv(*named.rgb)[0]
    first, last = (named.family.first, named.family.last) if named.family else (middle - 12, middle + 12)
    return chroma > 12 and any(first - 12 <= turn <= last + 12 for turn in (hue, hue + 360))
