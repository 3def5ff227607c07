"""From an instruction without its texts to words, in time linear in its length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qie_batch.colours import Colour, shaded
from qie_batch.colours.codes import CODE
from qie_batch.engines.classic.grammar.clause import UNKNOWN, Number, Word
from qie_batch.engines.classic.grammar.lexicon import (
    CHARACTERS,
    LONGEST,
    PHRASES,
    SIMPLIFIED,
    SYMBOLS,
    spelled,
)

if TYPE_CHECKING:
    from qie_batch.engines.classic.grammar.lexicon import Meanings

_UNITS = {
    "%": "%", "percent": "%", "per cent": "%", "precent": "%", "persent": "%", "procent": "%",
    "pct": "%", "p": "lines", "k": "lines", "mp": "lines", "megapixels": "lines", "pxiels": "px",
    "pixles": "px", "pixls": "px", "pixeles": "px", "degress": "degrees", "degres": "degrees",
    "dgrees": "degrees", "degreees": "degrees", "pxl": "px", "pix": "px", "px": "px", "pixels": "px",
    "pixel": "px", "像素": "px", "degrees": "degrees", "degree": "degrees", "deg": "degrees",
    "°": "degrees", "度": "degrees", "x": "x", "倍": "x", "times": "x",
}  # fmt: skip
_OPPOSITES = {"light": "dark", "pale": "dark", "dark": "light", "deep": "light"}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_PIXELS = r"(?: ?(?:px|pixels?|像素)(?![a-z]))?"
_BY = r" ?(?:[x\u00d7*✕✖]|by|乘以|乘) ?"
_ON = r"(?: ?(?:[x\u00d7*✕✖]|by|乘以|乘) ?| on )"
_SIDE = r"\d{1,2}(?:\.\d{1,2})?"
_PATTERNS = (
    rf"(?P<space>\s+)|(?P<code>{CODE})|\"(?P<text>\d+)\"",
    r"(?P<file>[\w-]{1,60}\.(?:png|jpe?g|webp|gif|svg|bmp|tiff?|psd|ai|pdf)\b)",
    rf"(?P<width>-?\d{{3,6}}){_PIXELS}{_ON}(?P<height>-?\d{{1,6}})(?![\d%]){_PIXELS}",
    rf"(?<![\d.])(?P<wide>{_SIDE})(?: ?[:/比] ?|{_BY}|-(?=\d))(?P<tall>{_SIDE})(?![\d.%])",
    # A sign before "800x800" joins; before any other number it is part of it.
    (
        r"(?P<number>(?<![a-z])(?P<sign>[+-](?=\d{1,6}(?![\d ]*[x\u00d7*:]\d)))?\d{1,6}(?:\.\d{1,3})?(?!\d))"
        rf"(?: ?(?P<unit>{_UNIT})(?![a-z]))?"
    ),
    r"(?P<symbol>-->|->|=>|→|=|:)",
    r"(?P<joint>[,;.!?。、\n&+()|/~]|[-\u2013\u2014]+(?=\s|$)|(?<=\s)[-\u2013\u2014]+)",
    r"(?P<word>[a-zà-öø-ÿ]+(?:'(?!s\b)[a-z]+)*)|(?P<possessive>'s\b)|(?P<hanzi>[\u3400-\u9fff]+)",
    r"(?P<other>.)",
)
_SCANNED = re.compile("|".join(_PATTERNS), re.DOTALL)
#: "60x60" are pixels, "4x5" is a ratio.
_LARGEST_RATIO = 32
#: A sentence ends here; other marks only join.
_STOPS = frozenset(".;!?。\n")


def words_of(text: str) -> list[Word]:
    """The words of a normalised instruction; fillers are left out."""
    simple = text.translate(SIMPLIFIED)
    found: list[Word] = []
    latin: list[tuple[str, int, int]] = []
    for match in _SCANNED.finditer(simple):
        if match["space"] or (latin and match["other"] == "-"):
            continue
        if match["word"]:
            latin.append((spelled(match[0]), match.start(), match.end()))
            continue
        _flush(latin, found)
        if match["hanzi"]:
            _characters(match[0], match.start(), found)
        else:
            found.append(Word(match[0], _meanings(match), match.start(), match.end()))
    _flush(latin, found)
    return _shaded([word for word in found if "filler" not in word.meanings])


def _meanings(match: re.Match[str]) -> Meanings:  # noqa: PLR0911 - one return for each reason
    if match["code"]:
        red, green, blue = bytes.fromhex(match["code"][1:])
        return {"colour": Colour(name=match["code"], rgb=(red, green, blue), family=None, words=())}
    if match["text"]:
        return {"text": match["text"]}
    if match["file"]:
        return {"file": match["file"]}
    if match["width"]:
        return {"size": (int(match["width"]), int(match["height"]))}
    if match["wide"]:
        sides = (float(match["wide"]), float(match["tall"]))
        if max(sides) > _LARGEST_RATIO and not re.search("[:/比]", match[0]):
            return {"size": (round(sides[0]), round(sides[1]))}
        return {"ratio": sides}
    if match["number"]:
        unit = _UNITS[match["unit"]] if match["unit"] else ""
        return {"number": Number(float(match["number"]), unit, bool(match["sign"]))}
    if match["symbol"]:
        return SYMBOLS[match["symbol"]]
    if match["joint"]:
        return {"joint": "then" if match["joint"] in _STOPS else "and"}
    return {"of": None} if match["possessive"] else {UNKNOWN: None}


def _flush(latin: list[tuple[str, int, int]], found: list[Word]) -> None:
    """Group words of Latin letters into the longest phrases known."""
    at = 0
    while at < len(latin):
        first, start, end = latin[at]
        length, meanings = 1, {UNKNOWN: None}
        for others, known in PHRASES.get(first, ()):
            if all(
                at + 1 + offset < len(latin) and latin[at + 1 + offset][0] == other
                for offset, other in enumerate(others)
            ):
                length, meanings = 1 + len(others), known
                break
        end = latin[at + length - 1][2]
        text = " ".join(word for word, _, _ in latin[at : at + length])
        found.append(Word(text, meanings, start, end))
        at += length
    latin.clear()


def _characters(run: str, start: int, found: list[Word]) -> None:
    """Group Chinese characters into the longest words known; what is between them is one word."""
    at = unknown = 0
    while at < len(run):
        size = next(
            (size for size in range(min(LONGEST, len(run) - at), 0, -1) if run[at : at + size] in CHARACTERS),
            0,
        )
        if not size:
            at += 1
            continue
        if unknown < at:
            found.append(Word(run[unknown:at], {UNKNOWN: None}, start + unknown, start + at))
        found.append(
            Word(run[at : at + size], CHARACTERS[run[at : at + size]], start + at, start + at + size)
        )
        at += size
        unknown = at
    if unknown < len(run):
        found.append(Word(run[unknown:], {UNKNOWN: None}, start + unknown, start + len(run)))


def _shaded(words: list[Word]) -> list[Word]:
    """A word of shade before a colour makes one colour of both; ">" before a colour is an arrow."""
    found: list[Word] = []
    for word in words:
        if "colour" in word.meanings and found and found[-1].text == ">":
            found[-1] = Word(">", SYMBOLS["->"], found[-1].start, found[-1].end)
        if "colour" in word.meanings and found and "shade" in found[-1].meanings and word.text[0] != "#":
            if _OPPOSITES.get(found[-1].meanings["shade"]) == word.text.split()[0]:
                found.append(word)
                continue
            shade = found.pop()
            colour = shaded(shade.meanings["shade"], word.meanings["colour"])
            space = " " if word.text.isascii() else ""
            text = f"{shade.text}{space}{word.text}"
            found.append(Word(text, {"colour": colour}, shade.start, word.end))
        else:
            found.append(word)
    return found
