"""One form of an instruction for both widths, case, marks of lists, codes of colours, and numerals."""

from __future__ import annotations

import re
import unicodedata

from qie_batch.colours.codes import spelled_alike

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMERAL = re.compile(
    r"(?P<share>百分之)?(?:(?P<hundreds>[一二两三])百)?(?:(?P<tens>[一二三四五六七八九])?(?P<ten>十))?"
    r"(?P<ones>[一二三四五六七八九])?(?P<unit>度|像素|个像素)?"
)
_TENS = ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_AMOUNTS = {word: 10 * (at + 1) for at, word in enumerate(_TENS)} | {
    word: at + 1 for at, word in enumerate(_ONES)
}
_AMOUNTS |= {"fifteen": 15, "twelve": 12, "a hundred": 100, "one hundred": 100, "hundred and eighty": 180}
_SPELT = re.compile(
    rf"\b(?P<amount>{'|'.join(sorted(_AMOUNTS, key=len, reverse=True))})"
    rf"(?:[ -](?P<ones>{'|'.join(_ONES)}))?(?=[ -](?:per ?cent|%|degrees?|pixels?|px)(?![a-z]))"
)
#: A numbered list.
_LISTED = re.compile(r"\s*\(?1[.):、] ?(?=\D)")
_NUMBERED = re.compile(r"(?:^|(?<=[\s,;。]))\(?\d[.):、] ?(?=\D)")
_CIRCLED = re.compile("[\u2460-\u2473\u2776-\u277f\u278a-\u2793]|[1-9]\ufe0f?\u20e3")
_BULLETS = re.compile(r"(?m)^[ \t]*(?:[*•·●○◦▪■◆▶►‣+]|-(?!\d)|#{1,6}(?= ))[ \t]*(?:\[[ x]?\])?")
#: Marks that say nothing: of Markdown, and decorations. Any other such character is left over.
_MARKDOWN = re.compile(r"\*\*|__|`+|(?<![\w.])\*(?=\w)|(?<=\w)\*(?![\w.])")
_DECORATION = re.compile(
    "[\u2705\u2714\u2611\u2728\u2b50\u2764\u2665\U0001f44d\U0001f44c\U0001f44f\U0001f64f\U0001f600-\U0001f60f"
    "\U0001f617-\U0001f61a\U0001f642\U0001f970\U0001f389\U0001f525\U0001f4aa\U0001f4af\U0001f4f7\U0001f4f8"
    "\U0001f5bc\U0001f58c\U0001f3a8\U0001f338\U0001f339]"
)
_SILENT = str.maketrans(
    "", "", "\ufe0f\ufe0e\u200b\u200d\u2060\ufeff" + "".join(map(chr, range(0x1F3FB, 0x1F400)))
)
_ARROWS = re.compile("[\u27a1\u279c\u279d\u279e\u27a4\u21d2\u27f6\u2794\u25b6]")
_MINUS = re.compile(r"\b(?:minus|negative) (?=\d)|\u2212(?=\d)|\u8d1f(?=\d)")
_THOUSANDS = re.compile(
    r"(?<![\d.,])(\d{1,2}),(?=\d{3} ?(?:px|pixels?|x|\u00d7|by|wide|high|tall)(?![a-z]))"
    r"|(?<=[x\u00d7] )(\d{1,2}),(?=\d{3}(?![\d,]))"
)
_PAIRED = re.compile(r"\bb ?[&/] ?w\b|\bblack[ -]?(?:&|and|an|'?n'?)[ -]?white\b")


def normalised(plain: str) -> str:
    """One form for all that is written in several."""
    if not plain.isascii():
        plain = _CIRCLED.sub(";", plain).translate(_SILENT)
        plain = _DECORATION.sub(" , ", _ARROWS.sub("->", plain))
    plain = unicodedata.normalize("NFKC", plain).lower().replace("\u2019", "'")
    plain = plain.replace(" w/ ", " with ").replace(" w/o ", " without ")
    plain = _THOUSANDS.sub(r"\1\2", _MINUS.sub("-", plain))
    plain = _MARKDOWN.sub(" ", _BULLETS.sub(" ;", plain))
    if _LISTED.match(plain):
        plain = _NUMBERED.sub(";", plain)
    plain = _SPELT.sub(_amount, _PAIRED.sub("monochrome", spelled_alike(plain)))
    return plain if plain.isascii() else _NUMERAL.sub(_in_digits, plain)


def _amount(found: re.Match[str]) -> str:
    ones = _AMOUNTS[found["ones"]] if found["ones"] else 0
    return str(_AMOUNTS[found["amount"]] + ones)


def _in_digits(found: re.Match[str]) -> str:
    numeral = found["hundreds"] or found["ten"] or found["ones"]
    if not numeral or not (found["share"] or found["unit"]):
        return found[0]
    tens = _DIGITS[found["tens"]] if found["tens"] else 1 if found["ten"] else 0
    amount = 100 * _DIGITS.get(found["hundreds"], 0) + 10 * tens + _DIGITS.get(found["ones"], 0)
    return f"{amount}{'%' if found['share'] else (found['unit'] or '').removeprefix('个')}"
