"""Clauses that change a text which stands in the image: replaced, taken away, translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import ReplaceText, TranslateText
from qie_batch.engines.classic.grammar.clause import LINKS, kinds

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Word

#: What may stand before the old text, between both, and behind the new one.
_BEFORE = LINKS | kinds("change translate text textword image it on upon from language saying item carrier")
_BETWEEN = LINKS | kinds(
    "change translate text textword with by language image it on upon saying item carrier from"
)
_BEHIND = LINKS | kinds("image it on upon textword item carrier")
_REMOVAL = LINKS | kinds("remove text textword image it on upon from away saying language item carrier")
_TRANSLATION = LINKS | kinds(
    "translate textword image it on upon from language glossary with by item carrier change saying"
)
#: Words between two texts that make the first become the second.
_BECOMING = ("to", "with", "by", "is", "change", "translate")


def replacement(clause: Clause) -> tuple[Operation, ...] | None:
    """As in: replace the text "A" with "B"."""
    places = clause.positions("text")
    if len(places) != 2:
        return None
    first, second = places
    before, between, behind = (
        clause.words[:first], clause.words[first + 1 : second], clause.words[second + 1 :],
    )  # fmt: skip
    if not (_only(before, _BEFORE) and _only(between, _BETWEEN) and _only(behind, _BEHIND)):
        return None
    verb = any(word.has("change", "translate", "to") for word in (*before, *between))
    if not verb or not any(word.has(*_BECOMING) for word in between):
        return None
    # Of "replace with "B" the text "A"" the first text is the new one.
    if before and before[-1].has("with", "by", "to") and not before[-1].has("change", "in"):
        return None
    old, new = clause.values("text")
    return (ReplaceText(old=old, new=new),)


def removal(clause: Clause) -> tuple[Operation, ...] | None:
    """As in: remove the text "A"."""
    if not clause.has("remove") or not clause.only(_REMOVAL) or len(clause.values("text")) != 1:
        return None
    return (ReplaceText(old=clause.values("text")[0], new=""),)


def translation(clause: Clause) -> tuple[Operation, ...] | None:
    """As in: translate the text to English."""
    if not clause.has("translate") or not clause.only(_TRANSLATION) or clause.has("text"):
        return None
    languages = _targets(clause)
    if len(languages) > 1:
        return None
    return (TranslateText(language=next(iter(languages), "")),)


def _targets(clause: Clause) -> set[str]:
    """The languages that the texts are to have; one before the verb or behind "from" is what they have."""
    found: set[str] = set()
    verb = clause.positions("translate")[0]
    for at, word in enumerate(clause.words):
        if not word.has("language"):
            continue
        behind_from = at > 0 and clause.words[at - 1].has("from")
        of_text = at + 1 < len(clause) and clause.words[at + 1].has("textword")
        if at > verb and not behind_from and not of_text:
            found.add(word.meanings["language"])
    return found


def _only(words: tuple[Word, ...], allowed: frozenset[str]) -> bool:
    return all(not allowed.isdisjoint(word.meanings) for word in words)
