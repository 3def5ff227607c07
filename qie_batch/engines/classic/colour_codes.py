"""Colours given as a code: `#ff8800`, `#f80`, `hex ff8800`, `rgb(255, 136, 0)`, `white (255, 255, 255)`."""

from __future__ import annotations

import colorsys
import re

from qie_batch.engines.classic.colours import BY_WORD, Colour

#: The form of every code after `spelled_alike`.
CODE = "#[0-9a-f]{6}"

_HEX = re.compile(
    r"(?:(?<![a-z])hex(?: ?(?:code|colou?r|value))? ?:? ?)?#([0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-z])"
    r"|(?<![a-z])hex(?: ?(?:code|colou?r|value))? ?:? ?([0-9a-f]{6})(?![0-9a-z])"
)
_PARTS = r"(\d{1,3}) ?[, ] ?(\d{1,3}) ?[, ] ?(\d{1,3})"
_RGB = re.compile(rf"(?<![a-z])rgb ?:? ?\( ?{_PARTS} ?\)|(?<![a-z])rgb ?:? ?{_PARTS}(?!\d)|\( ?{_PARTS} ?\)")
_BRACKETED = re.compile(rf"\( ?({CODE}) ?\)")
_WORDS_WITH_CODE = re.compile(rf"(?P<word>[^#]*?) ?(?P<code>{CODE})")


def spelled_alike(plain: str) -> str:
    """The text with each code as `#rrggbb`, without its brackets; a number above 255 stays as it is."""
    if "#" not in plain and "hex" not in plain and "rgb" not in plain and "(" not in plain:
        return plain
    plain = _RGB.sub(_from_parts, _HEX.sub(_from_hex, plain))
    return _BRACKETED.sub(r" \1 ", plain)


def colour_of(words: str, code: str | None = None) -> Colour | None:
    """The colour of a name, a code, or both, where the code decides; None if they contradict each other."""
    found = _WORDS_WITH_CODE.fullmatch(words)
    word, own = (found["word"], found["code"]) if found else (words, None)
    code = own or code
    if code is None:
        return BY_WORD[word]
    red, green, blue = bytes.fromhex(code[1:])
    if word and not _agrees(BY_WORD[word], (red, green, blue)):
        return None
    return Colour(name=code, rgb=(red, green, blue), family=None, words=())


def _from_hex(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return f" #{digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits)} "


def _from_parts(found: re.Match[str]) -> str:
    parts = [int(part) for part in found.groups() if part is not None]
    return f" #{bytes(parts).hex()} " if max(parts) < 256 else found[0]


def _agrees(named: Colour, rgb: tuple[int, int, int]) -> bool:
    """Whether the name may be said of the code: the same hues, or about as grey and as light."""
    chroma = max(rgb) - min(rgb)
    if named.family is None:
        return chroma <= 40 and abs(sum(rgb) - sum(named.rgb)) <= 3 * 70
    hue = 360 * colorsys.rgb_to_hsv(*rgb)[0]
    arc = (named.family.first - 12, named.family.last + 12)
    return chroma > 12 and any(arc[0] <= turn <= arc[1] for turn in (hue, hue + 360))
