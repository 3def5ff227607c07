"""The words of both languages in the form in which the lexer finds them, the longest phrase first."""

from __future__ import annotations

import re
from typing import Any

from qie_batch.colours import BY_WORD
from qie_batch.engines.classic.grammar.characters import GOODS, TRADITIONAL
from qie_batch.engines.classic.grammar.chinese import CHINESE
from qie_batch.engines.classic.grammar.clause import UNKNOWN
from qie_batch.engines.classic.grammar.english import ENGLISH, TYPOS
from qie_batch.engines.classic.grammar.english_operations import ENGLISH_OPERATIONS
from qie_batch.engines.classic.grammar.misspellings import meant

Meanings = dict[str, Any]

SIMPLIFIED = str.maketrans(TRADITIONAL[::2], TRADITIONAL[1::2])


_ENTRY = re.compile(r"^(?P<kind>[a-z-]+)(?:=(?P<value>[^:\n]+))?: (?P<words>.+(?:\n .+)*)$", re.MULTILINE)


def _value(text: str | None) -> str | float | None:
    """Of `more=-1` the number, of `place=top left` the words."""
    if text is None:
        return None
    return float(text) if re.fullmatch(r"-?[\d.]+", text) else text


def _by_word() -> dict[str, Meanings]:
    found: dict[str, Meanings] = {}
    for table in (ENGLISH, ENGLISH_OPERATIONS, CHINESE):
        for entry in _ENTRY.finditer(table):
            for word in re.sub(r"\n *", " ", entry["words"]).replace("| ", "|").split("|"):
                found.setdefault(word, {}).setdefault(entry["kind"], _value(entry["value"]))
    for word, colour in BY_WORD.items():
        found.setdefault(word, {})["colour"] = colour
    found["whiten"] = {"colour": BY_WORD["white"], "change": None}
    for word in GOODS.split():
        found[word] = {UNKNOWN: None}
    return found


MEANINGS = _by_word()
#: Symbols are words of neither alphabet.
SYMBOLS = {word: MEANINGS[word] for word in ("=", ":", "->", "→", "=>", "-->")}
CHARACTERS = {word: meanings for word, meanings in MEANINGS.items() if not word.isascii()}
LONGEST = max(map(len, CHARACTERS))


def _phrases() -> dict[str, list[tuple[tuple[str, ...], Meanings]]]:
    found: dict[str, list[tuple[tuple[str, ...], Meanings]]] = {}
    for phrase, meanings in MEANINGS.items():
        if phrase.isascii():
            first, *others = phrase.replace("-", " ").split() or [phrase]
            found.setdefault(first, []).append((tuple(others), meanings))
    for phrases in found.values():
        phrases.sort(key=lambda one: -len(one[0]))
    return found


#: First word -> the other words of each phrase that begins with it, and its meanings.
PHRASES = _phrases()


def spelled(word: str) -> str:
    """The word without a usual misspelling."""
    return TYPOS[word] if word in TYPOS else word if word in PHRASES else meant(word)
