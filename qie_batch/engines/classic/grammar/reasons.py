"""Why a clause that is not understood cannot be done, where its words tell, and what would work instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qie_batch.engines.classic.grammar.clause import UNKNOWN, Clause
from qie_batch.engines.classic.grammar.lexer import words_of
from qie_batch.engines.classic.grammar.nearest import is_english

if TYPE_CHECKING:
    from collections.abc import Callable

_AS_LIMITED = (
    "“Not”, “only”, “keep” and “except” are not followed; say just what is to change, as in "
    "“change blue to red”."
)
_AS_LETTERS = (
    "Letters and logos in a picture are not edited; a text is replaced as a whole, as in "
    '“replace the text "SALE" with "NEW"”.'
)
_AS_PART = (
    "A part of a product is not edited alone; where it has a colour of its own, say “change blue to red”."
)
_AS_TWO = (
    "It may be meant for the product or for the background; say “make the product red” or "
    "“make the background red”."
)
_AS_SIDE = (
    "Crop, margin, border and shadow have no side of their own; say “crop to 4:5”, “add a 10 % margin” or "
    "“add a soft shadow”."
)
_AS_REMOVED = (
    "Things in a picture are not removed; only its background is (“remove the background”) or its "
    "margin (“trim the white space”)."
)
_LIGHT = ("bright", "contrast", "saturation", "vivid", "sharp", "brightness", "contrasty", "tone")
_PAPER = re.compile(r"(?<![a-z])a[3-6](?!\d)")
_CHOICES = {"or", "either", "或", "或者", "还是"}
_STAYING = {"leave", "stay", "stays", "不变"}


def _chooses(clause: Clause) -> bool:
    return any(word.text in _CHOICES for word in clause)


def _limits(clause: Clause) -> bool:
    stays = any(word.text in _STAYING for word in clause) and not clause.has("margin", "number")
    return len(clause) > 1 and (clause.has("not", "none") or stays)


def _unshadows(clause: Clause) -> bool:
    return clause.has("shadow") and clause.has("not", "none", "remove")


def _outlines(clause: Clause) -> bool:
    return clause.has("outline")


def _names_a_body(clause: Clause) -> bool:
    return clause.has("body") and not clause.has("remove", "add")


def _names_a_part(clause: Clause) -> bool:
    return clause.has("part") and clause.has("colour", "remove", "bright", "resize")


def _invents(clause: Clause) -> bool:
    thing = clause.has(UNKNOWN, "scene", "body", "pattern")
    return clause.has("add") and thing and not clause.has("ground", "on", "text")


def _measures(clause: Clause) -> bool:
    return clause.has("unit")


def _unquoted(clause: Clause) -> bool:
    verb = clause.has("add", "write", "saying", "textword")
    return (
        clause.has(UNKNOWN)
        and not clause.has("text", "ground", "shadow", "border", "change", "remove")
        and ((verb and clause.has("place", "textword", "saying")) or clause.has("write"))
    )


def _rewrites(clause: Clause) -> bool:
    return clause.has("textword", "graphic") and clause.has(
        "change", "remove", "to", "more", "resize", "bright", "swap", "colour", "sharp"
    )


def _means_two(clause: Clause) -> bool:
    return (
        clause.has("colour")
        and clause.has("it", "image", "to", "change")
        and not clause.has("cast", "more")
        and not clause.has(UNKNOWN, "item", "ground", "part", "body", "scene", "number", "text")
        and len(clause.positions("colour")) == 1
    )


def _grows(clause: Clause) -> bool:
    sized = {1, -1} & set(clause.values("resize"))
    return bool(sized) and not clause.has(UNKNOWN, "item", "number", "text", "part")


def _lights_a_part(clause: Clause) -> bool:
    return clause.has(*_LIGHT) and clause.has("ground", "item", UNKNOWN, "part", "body", "scene")


def _one_side(clause: Clause) -> bool:
    sides = set(clause.values("place")) - {"centre"}
    return bool(sides) and clause.has("crop", "trim", "snip", "margin", "pad", "border", "shadow")


def _moves(clause: Clause) -> bool:
    return clause.has("item", "it", UNKNOWN) and clause.has("centring", "place") and not clause.has("text")


def _turns_a_thing(clause: Clause) -> bool:
    return clause.has("rotate", "flip", "resize", "quarter") and clause.has(
        "item", UNKNOWN, "textword", "graphic"
    )


def _removes_a_thing(clause: Clause) -> bool:
    thing = clause.has(UNKNOWN, "body", "scene") or not clause.has("ground")
    return clause.has("remove") and thing and not clause.has("margin", "cast")


def _paints(clause: Clause) -> bool:
    return clause.has("ground", "upon", "on") and clause.has(UNKNOWN, "scene", "pattern", "finish", "blurry")


#: The first that applies: whether, and the sentence. A test parses what the sentences quote.
_REASONS: tuple[tuple[Callable[[Clause], bool], str], ...] = (
    (_unshadows, "A plain background keeps the product's shadow, and “remove the background” takes it away."),
    (_chooses, "An edit is not chosen; name one of them."),
    (_limits, _AS_LIMITED),
    (_measures, "Sizes are in pixels or percent, as in “resize to 1000x1000”."),
    (_unquoted, "A text stands in quotation marks, as in: add the text “SALE” at the top right."),
    (_rewrites, _AS_LETTERS),
    (
        _outlines,
        "No outline is drawn around a product; a frame of the picture is: “add a 10 px black border”.",
    ),
    (_names_a_body, "Hair, skin and faces are not edited; only products are, as in “make the bottle green”."),
    (_names_a_part, _AS_PART),
    (_means_two, _AS_TWO),
    (_grows, "Say how large, as in “resize to 50 %” or “resize to 1000x1000”."),
    (
        _lights_a_part,
        "Light and tones change only the whole picture, as in “make it brighter” or “make it warmer”.",
    ),
    (_one_side, _AS_SIDE),
    (
        _turns_a_thing,
        "Only the whole picture is turned, flipped or resized, as in “rotate 90 degrees clockwise”.",
    ),
    (_removes_a_thing, _AS_REMOVED),
    (_paints, "A background is one plain colour or transparent, as in “make the background white”."),
    (_invents, "Only texts, shadows, borders and margins are added, as in “add a soft shadow”."),
    (_moves, "Things in a picture are not moved; to have the product alone, say “crop to the product”."),
)
_CHINESE = {
    "change blue to red": "蓝色改成红色",
    "resize to 1000x1000": "尺寸改成1000x1000",
    "add the text “SALE” at the top right": "右上角加文字“新品”",
    'replace the text "SALE" with "NEW"': '把文字"促销"改成"新品"',
    "make the product red": "把产品改成红色",
    "make the background red": "把背景换成红色",
    "make it brighter": "调亮一点",
    "make it warmer": "色调暖一点",
    "crop to 4:5": "裁剪成4:5",
    "add a 10 % margin": "四周留白10%",
    "add a soft shadow": "加柔和的阴影",
    "rotate 90 degrees clockwise": "顺时针旋转90度",
    "remove the background": "去掉背景",
    "trim the white space": "裁掉白边",
    "make the background white": "把背景换成白色",
    "crop to the product": "紧贴产品裁剪",
    "make the bottle green": "把瓶子改成绿色",
    "add a 10 px black border": "加10像素黑色边框",
    "resize to 50 %": "缩放到50%",
}


def reason(clause: str) -> str:
    """A sentence whose examples are in the clause's language, or nothing."""
    read = Clause.of(tuple(words_of(clause)))
    if _PAPER.search(clause):
        return _sentence(_measures, clause)
    return next((_sentence(applies, clause) for applies, _ in _REASONS if applies(read)), "")


def _sentence(which: Callable[[Clause], bool], clause: str) -> str:
    sentence = next(text for applies, text in _REASONS if applies is which)
    if is_english(clause):
        return sentence
    for english, chinese in _CHINESE.items():
        sentence = sentence.replace(english, chinese)
    return sentence
