"""Clauses that write a text, which stands in quotation marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.colours.codes import agreed
from qie_batch.engines.classic.edits import Place, WriteText
from qie_batch.engines.classic.grammar.clause import LINKS, Refused, kinds

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause

_TEXTS = LINKS | kinds(
    "joint centred text textword saying letters corner place centring colour colourword add write "
    "image it with on under part parts size edges around"
)
_BECOMES = {"改成", "改为", "换成", "换为", "变成", "变为", "替换成", "替换为", "into", "becomes", "become"}


def text(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    if not clause.has("text") or not clause.only(_TEXTS) or clause.has("size"):
        return None
    texts, colours = clause.values("text"), clause.values("colour")
    if len(texts) != 1 or not clause.has("add", "write", "textword", "place", "saying"):
        return None
    if _replaces(clause):
        return Refused(
            'Say which text becomes this one, as in “replace the text "SALE" with "NEW"”; '
            "a new one is added, as in: add the text “SALE”."
        )
    if (colours and _is_ground(clause)) or not _ends_with_text(clause):
        return None
    colour = agreed(colours) if colours else None
    place = _place(clause)
    if (colours and colour is None) or place is None:
        return None
    return (WriteText(text=texts[0], place=place, colour=colour),)


def _ends_with_text(clause: Clause) -> bool:
    """Whether what is joined behind the text says where or in which colour it stands, and names no other."""
    at = clause.positions("text")[0]
    joints = [joint for joint in clause.positions("joint") if joint > at]
    tail = clause.words[joints[0] + 1 :] if joints else ()
    return not joints or (
        any(word.has("place", "colour", "letters") for word in tail)
        and not any(word.has("textword") and not word.has("letters") for word in tail)
    )


def _replaces(clause: Clause) -> bool:
    """Whether the words before the text are to become it."""
    before = clause.words[: clause.positions("text")[0]]
    return any(word.has("textword") for word in before) and any(word.text in _BECOMES for word in before)


def _is_ground(clause: Clause) -> bool:
    """Whether the colour is that of what the text stands on."""
    words = clause.words
    return any(
        word.has("on") and any(later.has("colour") for later in words[at + 1 : at + 3])
        for at, word in enumerate(words)
    )


def _place(clause: Clause) -> Place | None:
    """The place that all words of place give together; at the bottom without one; None if they contradict."""
    parts = {part for value in clause.values("place") for part in value.split()}
    if clause.has("under"):
        parts.add("bottom")
    parts.discard("centre")
    upright, across = parts & {"top", "bottom"}, parts & {"left", "right"}
    if len(upright) > 1 or len(across) > 1:
        return None
    found = " ".join([*upright, *across])
    if found:
        return Place(found)
    return Place.CENTRE if clause.has("place", "centring") else Place.BOTTOM
