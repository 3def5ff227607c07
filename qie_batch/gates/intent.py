"""What an instruction, in English or Chinese, allows to change.

A gate that looks for a change which the instruction may mean finds faults that are none. So where nothing is
understood everything may change, and "keep the logo" forbids nothing that another clause allows.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    #: What is behind the product.
    background: bool = False
    #: The product itself: another colour, material, garment or object.
    product: bool = False
    #: Words on the image.
    text: bool = False
    #: Where things are: crop, rotation, mirror, zoom, pose, canvas.
    geometry: bool = False
    #: Mood, light or tone of the whole image.
    style: bool = False

    @classmethod
    def of(cls, names: set[str]) -> Self:
        return cls(**{each.name: each.name in names for each in fields(cls)})


_EVERYTHING = {each.name for each in fields(Intent)}
#: Words in quotation marks of either language.
_QUOTED = re.compile(
    "[\u201c\"\u300c\u300e\u2018\u300a].*?[\u201d\"\u300d\u300f\u2019\u300b]|(?<!\\w)'[^']*'(?!\\w)"
)
#: A stop, comma or word between clauses; not the point or comma within a number.
_BETWEEN_CLAUSES = re.compile(
    r"[;,.!?\n\uff1b\uff0c\u3002\uff01\uff1f\u3001]+(?!\d)|\b(?:and|then|but|while)\b|然后|并且|同时|接着|并"
)
#: The object of a change: what stands behind the verb, or between 把 and the verb.
_OBJECT = re.compile(
    r"\b(?:change|make|turn|replace|swap|recolou?r|paint|dye|convert|tint) (?:the |this |its |all |both )?"
    r"(?P<en>[\w' -]+?)(?: (?:to|into|with|by|in|on|for|against|a|an)\b|$)"
    r"|(?:把|将|给)(?P<zh>.+?)(?:换|改|变|涂|染|替|调|做)"
)
#: Kinds of words that name a part of an Intent.
_PARTS = ("background", "text", "geometry", "style")


def intent_of(instruction: str) -> Intent:
    """Everything may change where nothing is understood."""
    plain = _QUOTED.sub(" text ", instruction.strip().lower()).replace("black and white", "monochrome")
    clauses = [each.strip() for each in _BETWEEN_CLAUSES.split(plain) if each.strip()]
    asked = [each for each in clauses if not _has("kept", each)] or clauses
    allowed = set[str]().union(*map(_allowed_by, asked))
    return Intent.of(allowed or _EVERYTHING)


def _allowed_by(clause: str) -> set[str]:
    found = _OBJECT.search(clause)
    thing = (found["en"] or found["zh"] or "") if found else ""
    names = {"background"} if _has("background", thing) else _named(clause)
    if _has("marks", clause):
        names |= {"text", "product"}
    if _has("repainted", clause):
        names |= {"style", "product", "background"}
    if thing and not _named(thing) and not _has("anything", thing):
        names.add("product")
    if "geometry" in names:
        names.add("background")
    if not names and _has("added", clause):
        return {"product", "background"}
    if not names and _has("remade", clause):
        return {"product"}
    return names


def _named(words: str) -> set[str]:
    return {name for name in _PARTS if _has(name, words)}


def _has(kind: str, words: str) -> bool:
    return _patterns()[kind].search(words) is not None


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    text = resources.files(__package__).joinpath("intent.toml").read_text("utf-8")
    return {
        kind: re.compile(rf"\b(?:{'|'.join(words['en'])})\b|{'|'.join(words['zh'])}")
        for kind, words in tomllib.loads(text).items()
    }
