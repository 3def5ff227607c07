"""Parses an instruction into operations, or says which part of the instruction is not understood.

A sentence is split at "and", "then", commas, 并, 然后 and similar words. Every clause must match one pattern
as a whole, because an edit that follows only a part of an instruction is wrong.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from qie_batch.engines.classic.clauses import (
    CLAUSES,
    CLOTHES,
    FORBIDDEN_HANZI,
    FORBIDDEN_WORDS,
    JOINTS,
    MONOCHROME,
    TRANSPARENT,
    in_context,
    tight,
)
from qie_batch.engines.classic.colour_codes import colour_of, spelled_alike
from qie_batch.engines.classic.colours import BY_WORD
from qie_batch.engines.classic.edits import (
    HueChange,
    MakeGrey,
    Operation,
    Place,
    Recolour,
    SetBackground,
    SetBrightness,
    SetTone,
    Tone,
    WriteText,
)
from qie_batch.engines.classic.quotes import taken_out
from qie_batch.errors import Rejected
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable


#: The operations, each with an example instruction in English and in Chinese.
CAPABILITIES = (
    'replace a plain background by a colour ("make the background white", "把背景换成白色")',
    'recolour ("change the blue jacket to red", "把蓝色外套换成红色")',
    'a warm, cool, autumn or vintage tone ("give it a warm tone", "改成复古风格")',
    'brighter or darker ("make it brighter", "调亮一点")',
    'black and white ("make it black and white", "变成黑白")',
    (
        "text at the top, centre or bottom "
        '(\'add the text "New Arrival" at the top\', "在上方添加文字“新品上市”")'
    ),
)


#: What a clause was understood as, or the clause.
Found: TypeAlias = Operation | str

_TONES = {"暖": Tone.WARM, "冷": Tone.COOL, "秋": Tone.AUTUMN, "复": Tone.VINTAGE, "怀": Tone.VINTAGE}
_TONES |= {"warm": Tone.WARM, "cool": Tone.COOL, "autu": Tone.AUTUMN, "fall": Tone.AUTUMN}
_TONES |= {"cold": Tone.COOL, "vint": Tone.VINTAGE, "retr": Tone.VINTAGE}
_PLACES = {"top": Place.TOP, "bottom": Place.BOTTOM, "底": Place.BOTTOM, "下": Place.BOTTOM}
_PLACES |= {"上": Place.TOP, "顶": Place.TOP}
_CHANGES = {"less": 0.1, "": 0.2, "more": 0.35}

#: A longer instruction is parsed anew each time, so that the cache stays small.
_LONGEST_CACHED = 500
#: Characters of a clause in an error.
_LONGEST_SHOWN = 200


def parse(instruction: str) -> tuple[Operation, ...]:
    """The operations in the order given; Rejected (instruction_not_understood) if any clause is unknown."""
    plain, texts = taken_out(instruction)
    plain = unicodedata.normalize("NFKC", plain).lower()
    understood = _cached if len(plain) <= _LONGEST_CACHED else _understood
    operations = tuple([_with_text(found, texts) for found in understood(plain)])
    if not operations:
        raise _not_understood("The instruction is empty")
    return operations


def _understood(plain: str) -> tuple[Found, ...]:
    """Of each clause its operation, up to one that is not understood, itself; texts by their numbers."""
    plain = MONOCHROME.sub("monochrome", spelled_alike(plain.replace("\u2019", "'")))
    clauses = [" ".join(clause.split()) for clause in JOINTS.split(plain)]
    read: list[Found] = []
    for clause in in_context([clause for clause in clauses if clause]):
        read.append(_read(clause))
        if read[-1] is clause:
            break
    return tuple(read)


_cached = lru_cache(maxsize=1024)(_understood)


def _read(clause: str) -> Found:
    form = tight(clause)
    for kind, pattern in CLAUSES:
        found = pattern.fullmatch(form)
        operation = found and _READERS[kind](found)
        if operation:
            return operation
    return clause


def _with_text(found: Found, texts: list[str]) -> Operation:
    """The operation with its text in the place of the text's number."""
    if isinstance(found, str):
        clause = re.sub(r'"(\d+)"', lambda number: f'"{texts[int(number[1])]}"', found)
        clause = printable(clause, _LONGEST_SHOWN)
        if TRANSPARENT.search(found[:_LONGEST_SHOWN]):
            raise _not_understood(f"“{clause}” would need transparent pixels, and this engine makes none")
        raise _not_understood(f"Did not understand “{clause}”")
    if not isinstance(found, WriteText):
        return found
    text = " ".join(unicodedata.normalize("NFC", texts[int(found.text)]).split())
    if not text:
        raise _not_understood("The text to add is empty")
    return replace(found, text=text)


def _not_understood(what: str) -> Rejected:
    can = "; ".join(CAPABILITIES)
    return Rejected(
        f"{what}. The classic engine can: {can}.",
        code="instruction_not_understood",
        hint="Reword the instruction, or run the row with an engine that understands free text.",
        subject="instruction",
    )


def _background(found: re.Match[str]) -> Operation | None:
    colour = colour_of(found["colour"], found.groupdict().get("code"))
    return SetBackground(colour=colour) if colour else None


def _recolour(found: re.Match[str]) -> Operation | None:
    source, thing = BY_WORD[found["source"]], found["thing"] or ""
    words = set(re.split(r"[\s-]", thing))
    if source.family is None or words & FORBIDDEN_WORDS or FORBIDDEN_HANZI.search(CLOTHES.sub("", thing)):
        return None
    target = colour_of(found["target"])
    return Recolour(changes=(HueChange(source=source.family, target=target),)) if target else None


def _tone(found: re.Match[str]) -> Operation | None:
    word = found["tone"]
    return SetTone(tone=_TONES[word[:4] if word.isascii() else word[0]])


def _brightness(found: re.Match[str]) -> Operation | None:
    much = "less" if found["less"] else "more" if found["more"] else ""
    return SetBrightness(change=_CHANGES[much] if found["up"] else -_CHANGES[much])


def _grey(_found: re.Match[str]) -> Operation | None:
    return MakeGrey()


def _text(found: re.Match[str]) -> Operation | None:
    word = found["place"]
    place = _PLACES.get(word if word.isascii() else word[0], Place.CENTRE) if word else Place.BOTTOM
    colour = colour_of(found["colour"]) if found["colour"] else None
    if found["colour"] and colour is None:
        return None
    return WriteText(text=found["text"], place=place, colour=colour)


_READERS: dict[str, Callable[[re.Match[str]], Operation | None]] = {
    "background": _background,
    "recolour": _recolour,
    "tone": _tone,
    "brightness": _brightness,
    "grey": _grey,
    "text": _text,
}
