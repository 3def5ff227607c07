"""The colours that an instruction asks for, in English or Chinese, and of what.

Only a colour in the place of a target counts: "make the red mug blue" asks for blue, "put the red mug on a
table" for none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from qie_batch.colours import BY_WORD, COLOURS, Colour, shaded
from qie_batch.colours.codes import spelled_alike
from qie_batch.colours.names import AS_GOODS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    #: As it was written.
    name: str
    #: Any of them: "blue" may be navy, "navy" may not be blue.
    rgb: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedColours:
    product: Wanted | None = None
    background: Wanted | None = None


#: What shines is seen in the colours of its surroundings.
_METALS = frozenset({"gold", "silver", "bronze", "copper", "rose gold"})
_SHADES = {
    "light": "light", "pale": "pale", "pastel": "pastel", "soft": "soft", "dark": "dark", "deep": "deep",
    "bright": "bright", "浅": "light", "淡": "pale", "深": "dark", "暗": "dark", "亮": "bright",
}  # fmt: skip
_GOODS = {word for word in AS_GOODS if word not in {"金", "银", "米"}}
_ENGLISH, _CHINESE = (
    "|".join(sorted((re.escape(word) for word in BY_WORD if word.isascii() is ascii_), key=len, reverse=True))
    for ascii_ in (True, False)
)
_SHADE = "light|pale|pastel|soft|dark|deep|bright"
#: A colour with its shade, as a group.
_C = rf"((?:#[0-9a-f]{{6}})|(?:\b(?:(?:{_SHADE}) )?(?:{_ENGLISH})\b)|(?:[浅淡深暗亮]?(?:{_CHINESE})))"
_ARTICLE = r"(?:(?:an?|the|be|solid|plain|pure|matte|matt|glossy|completely|entirely|all|uniform) )*"
_IS = r"(?: (?:is|to|in|into|as|of|with|should be|must be))*"
_AFTER = r"(?: (?:colou?r|tone|shade|hue|one|version))?(?:的|系|调)?"
#: A colour at the end of a clause that says to what something changes.
_TARGETS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:to|into|in|as) {_ARTICLE}{_C}{_AFTER}$",
        rf"^(?:please |now )*(?:make|turn|paint|colou?r|dye|tint|re-?colou?r)\b.*? {_ARTICLE}{_C}{_AFTER}$",
        rf"^(?:the|its|their) .+? {_C}{_AFTER}$",
        rf"(?:[改换变调染涂刷漆设做弄]成|[改变换调设]为|换作|成) ?{_C}{_AFTER}$",
    )
)
_BACKGROUNDS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:background|backdrop)(?: colou?r)?{_IS}[: ]*{_ARTICLE}{_C}{_AFTER}$",
        rf"(?:背景|底色|底图)[^#]{{0,8}}?(?:为|成|是|用|\uff1a|:) ?{_C}{_AFTER}$",
        rf"{_C} (?:colou?r(?:ed)? |studio |seamless |plain |solid )*(?:background|backdrop)\b",
        rf"{_C}的?(?:纯色)?(?:背景|底色|底图|底)",
    )
)
#: A background of which the colour goes.
_SOURCE = re.compile(
    rf"(\b(?:replace|remove|swap|change|exchange|erase|delete|turn|convert|from) (?:the |its |this )?)"
    rf"{_C}(?= (?:\w+ )?(?:background|backdrop)\b)"
    rf"|(?:把|将|去掉|去除|移除|删除|替换掉?){_C}的?(?=背景|底色|底)"
)
_OF_BACKGROUND = re.compile(r"\b(?:background|backdrop)\b|背景|底色|底图|[白黑红蓝灰绿黄粉]底")
#: Parts of an instruction in which a colour says nothing of product or background.
_OTHER = re.compile(
    r"\b(?:text|words?|letter(?:s|ing)?|title|caption|slogan|logo|border|frame|margin|padding|shadow|"
    r"light(?:ing)?|sky|black ?(?:&|-) ?white|monochrome|gradient|ombre|stripes?|pattern)\b|"
    r"文字|文案|标题|字|边框|留白|阴影|光|黑白|渐变|条纹|图案|天空"
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|(?<!\w)'[^']*'(?!\w)")
_NEGATED = re.compile(
    r"\b(?:instead of|rather than|not|no longer|without|except|keep|leave)\b.*$"
    r"|(?:而不是|不要|不是|保持|保留).*$"
)
_CLAUSES = re.compile(
    r"[,;.!?\uff0c\uff1b\u3002\uff01\uff1f\u3001\n]+|\b(?:and|then|while|but|with)\b|并且|然后|同时|而且|并|且|再"
)
_LONGEST = 1000


@lru_cache(maxsize=256)
def wanted_colours(instruction: str) -> WantedColours:
    """None where the instruction names no target, or several for the same thing."""
    plain = _QUOTED.sub(" text ", instruction[:_LONGEST]).lower()
    plain = spelled_alike(plain.replace("gray", "grey").replace("black and white", "monochrome"))
    product: list[str] = []
    background: list[str] = []
    for part in _CLAUSES.split(plain):
        clause = _SOURCE.sub("the", " ".join(_NEGATED.sub("", part).split()))
        if _OF_BACKGROUND.search(clause):
            background += _found(_BACKGROUNDS, clause) or _found(_TARGETS, clause)
        elif not _OTHER.search(clause):
            product += _found(_TARGETS, clause)
    return WantedColours(product=_agreed(product), background=_agreed(background))


def colour_named(text: str) -> Wanted | None:
    """The colour that a name or code alone stands for; None for other text."""
    plain = " ".join(spelled_alike(text.lower().replace("gray", "grey")).split())
    return _wanted(plain) if re.fullmatch(_C, plain) else None


def _found(patterns: tuple[re.Pattern[str], ...], clause: str) -> list[str]:
    return next(([found[1]] for pattern in patterns if (found := pattern.search(clause))), [])


def _agreed(words: list[str]) -> Wanted | None:
    """None for metals, goods, and where two colours are asked for."""
    found = {wanted.rgb: wanted for word in words if (wanted := _wanted(word))}
    if len(found) != 1 or any(word in _GOODS for word in words):
        return None
    return next(iter(found.values()))


def _wanted(word: str) -> Wanted | None:
    if word.startswith("#"):
        red, green, blue = bytes.fromhex(word[1:])
        return Wanted(name=word, rgb=((red, green, blue),))
    colour = _colour(word)
    if colour is None or colour.name in _METALS:
        return None
    alike = {each.rgb for each in COLOURS if any(colour.name in said.split() for said in each.words)}
    return Wanted(name=word, rgb=tuple(sorted(alike | {colour.rgb})))


def _colour(word: str) -> Colour | None:
    if word in BY_WORD:
        return BY_WORD[word]
    for written, shade in _SHADES.items():
        rest = word.removeprefix(written).strip()
        if rest != word and rest in BY_WORD:
            return shaded(shade, BY_WORD[rest])
    return None
