"""Which face a text is set in, its glyphs, and its lines at the largest size that fits. Needs no pixels."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO

from PIL import ImageFont

from qie_batch.errors import Rejected

#: Path in the package; its licence is in the same folder.
FONT = "fonts/QieSans-Bold.ttc"
#: The faces of that file: characters of GB 2312 in the forms of mainland China; those and the characters of
#: Big5 and HKSCS, in the forms of Taiwan wherever Big5 has them.
SIMPLIFIED, TRADITIONAL = 0, 1

_SIZE = 64
_LEAST_PIXELS = 10
_MOST_LETTERS = 120
#: Shares of the width that a text may take: in the middle, and at a side.
_WIDTH, _HALF_WIDTH = 0.84, 0.46
#: A text at a side has at least this share of the shorter side of the image as its size, or the whole width.
_READS_WELL = 0.03
#: No glyph is wider, in units of the size.
_WIDEST = 3
_MOST_NAMED = 8


def require_glyphs(text: str) -> None:
    """Rejected (glyph_missing) with the letters that the font lacks, or cannot place above another letter."""
    face = face_of(text)
    missing = [letter for letter in dict.fromkeys(text) if not _has_glyph(face, letter)]
    if not missing:
        return
    named = ", ".join(map(_named, missing[:_MOST_NAMED]))
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    raise Rejected(
        f"The font of the classic engine has no glyph for {named}{more}.",
        code="glyph_missing",
        hint="Write the text with Latin, Greek, Cyrillic or Chinese letters, and without emoji.",
        subject="instruction",
    )


def require_room(text: str, size: tuple[int, int]) -> None:
    """Rejected (text_does_not_fit) if the text is too small to be read in an image of this size."""
    width, height = size
    if len(text) <= _MOST_LETTERS:
        # One line of the widest glyphs would fit: no need to measure the text.
        at_least = min(_WIDTH * width / (_WIDEST * len(text)), 0.085 * height)
        if at_least >= _LEAST_PIXELS:
            return
    fitted(text, size)


def fitted(
    text: str, size: tuple[int, int], *, beside: bool = False
) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """Fewest lines at the largest size that fits the width and a share of the height.

    A text at a side is `beside` the rest of the image: it takes half of the width where it can be read well
    in that. Rejected (text_does_not_fit) where it would be too small on the whole width.
    """
    font = load_font(face_of(text))
    lines, pixels = _largest(text, font, size, _HALF_WIDTH) if beside else ([], 0)
    if pixels < _READS_WELL * min(size) or pixels < _LEAST_PIXELS:
        lines, pixels = _largest(text, font, size, _WIDTH)
    if pixels < _LEAST_PIXELS:
        shown = text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "…"
        raise Rejected(
            f"The text “{shown}” is too long to be read on a picture of {size[0]}x{size[1]}.",
            code="text_does_not_fit",
            hint="Shorten the text.",
            subject="instruction",
        )
    return lines, font.font_variant(size=pixels)


def _largest(
    text: str, font: ImageFont.FreeTypeFont, size: tuple[int, int], share: float
) -> tuple[list[str], int]:
    """The lines and their size in pixels within a share of the width; 0 for a text of too many letters."""
    width, height = size
    best: tuple[int, list[str]] = (0, [])
    for count in range(1, 5) if len(text) <= _MOST_LETTERS else ():
        lines = _broken(text, font, count)
        widest = max(font.getlength(line) for line in lines) / font.size
        pixels = int(min(share * width / widest, (0.055 + 0.03 * len(lines)) * height / len(lines)))
        if pixels > best[0] * 1.15:
            best = (pixels, lines)
    return best[1], best[0]


def face_of(text: str) -> int:
    """One face for the whole text: the simplified one unless only the other has all letters."""
    return SIMPLIFIED if all(_has_glyph(SIMPLIFIED, letter) for letter in set(text)) else TRADITIONAL


@cache
def load_font(face: int = SIMPLIFIED, layout: ImageFont.Layout | None = None) -> ImageFont.FreeTypeFont:
    data = resources.files("qie_batch.engines.classic.lettering").joinpath(FONT).read_bytes()
    return ImageFont.truetype(BytesIO(data), _SIZE, index=face, layout_engine=layout)


@lru_cache(maxsize=1 << 16)
def _has_glyph(face: int, letter: str) -> bool:
    if letter == " ":
        return True
    if not letter.isprintable() or unicodedata.category(letter).startswith("M"):
        return False
    drawn = _drawn(face, letter)
    # Some letters fill a place and show nothing.
    return drawn != _missing(face) and any(drawn[1])


@cache
def _missing(face: int) -> tuple[tuple[int, int], bytes]:
    """The glyph that stands for all that the font lacks."""
    return _drawn(face, "\uffff")


def _drawn(face: int, letter: str) -> tuple[tuple[int, int], bytes]:
    """Size and pixels, without the shaping that would move or hide a glyph."""
    mask = load_font(face, ImageFont.Layout.BASIC).getmask(letter)
    return mask.size, bytes(mask)


def _named(letter: str) -> str:
    code = f"U+{ord(letter):04X}"
    shown = letter.isprintable() and not unicodedata.category(letter).startswith("M")
    return f"“{letter}” ({code})" if shown else code


def _broken(text: str, font: ImageFont.FreeTypeFont, count: int) -> list[str]:
    """The text in `count` lines of similar length, broken at spaces if there are any, else anywhere."""
    parts = text.split(" ")
    joint = " "
    if len(parts) < count and not text.isascii():
        parts, joint = list(text), ""
    goal = font.getlength(text) / count
    lines = [""]
    for part in parts:
        longer = lines[-1] + joint + part if lines[-1] else part
        if lines[-1] and len(lines) < count and font.getlength(longer) > goal * 1.08:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines
