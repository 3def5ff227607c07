"""Clauses about the background: a colour, transparent pixels, a shadow on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.colours.codes import agreed
from qie_batch.colours.names import AS_GOODS
from qie_batch.engines.classic.edits import AddShadow, SetBackground
from qie_batch.engines.classic.grammar.clause import LINKS, UNKNOWN, kinds

if TYPE_CHECKING:
    from qie_batch.colours import Colour
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Word

_ABOUT = LINKS | kinds("joint upon it image usage plain colourword on with by from")
_GROUND = _ABOUT | kinds("fill under ground colour change swap add item cut away unknown all number parts")
_CLEAR = LINKS | kinds(
    "snip ground remove cut away transparent format item it image usage add change on with from "
    "colour colourword none plain by swap take"
)
_FILLS = LINKS | kinds("fill colour change swap add it with by plain colourword on ground")
_SHADOW = LINKS | kinds(
    "joint shadow add soft slight shade under item unknown it with image usage on place from cast"
)
#: Words of an object's name.
_LONGEST_NAME = 4
_AIMS = ("to", "with", "by", "for", "in", "is", "change", "on")


def background(clause: Clause) -> tuple[Operation, ...] | None:
    if not clause.has("ground") or not clause.only(_GROUND) or clause.has("number", "transparent"):
        return None
    if not _object_stands_before_on(clause) or not _joined_to_code(clause):
        return None
    colour = _new_colour(clause)
    return (SetBackground(colour=colour),) if colour else None


def _object_stands_before_on(clause: Clause) -> bool:
    """What is put on the background, or what the background is for."""
    objects = [index for index, word in enumerate(clause) if word.has(UNKNOWN) or word.has("item")]
    if not objects:
        return True
    unknown = [index for index in objects if clause.words[index].has(UNKNOWN)]
    if len(unknown) > _LONGEST_NAME or (unknown and unknown[-1] - unknown[0] >= _LONGEST_NAME):
        return False
    first, last = objects[0], objects[-1]
    on = [index for index in clause.positions("on") if not clause.words[index].has("place")]
    if any(last < index for index in on) and min(clause.positions("ground")) > last:
        return clause.words[0].has("add", "cut", "change", "ba", "the", "item", UNKNOWN, "colour", "on")
    if _is_given(clause, first, last):
        return True
    ground = clause.positions("ground")[-1]
    return not unknown and first > ground and clause.words[first - 1].has("the", "for", "of", "on", "under")


def _is_given(clause: Clause, first: int, last: int) -> bool:
    """`give the product a white background`, `product, white background`."""
    words = clause.words
    before_colour = last + 1 < len(words) and words[last + 1].has("the", "change", "add", "colour", "plain")
    named = first == last == 0 and words[0].has("item")
    return before_colour and (named or words[0].text in {"give", "给", "for", "为"})


def _joined_to_code(clause: Clause) -> bool:
    """Whether a code, "plain", or the colour of the background before stands behind a comma."""
    joints = clause.positions("joint")
    if len(joints) == 1 and len(clause.positions("colour")) == 1 and not clause.has("unknown", "item"):
        behind = clause.words[joints[0] + 1]
        if behind.has("plain") or (behind.has("colour") and clause.has("plain")):
            return True
    if len(joints) == 1 and clause.has("ground") and clause.positions("ground")[-1] < joints[0]:
        before, after = clause.words[: joints[0]], clause.words[joints[0] + 1 :]
        if before[0].has("change", "ba") and not any(word.has("colour", "item", UNKNOWN) for word in before):
            return all(
                word.has("change", "to", "it", "with", "colour", "plain", "the", "of") for word in after
            )
    return all(at + 1 < len(clause) and clause.words[at + 1].text.startswith("#") for at in joints)


def _new_colour(clause: Clause) -> Colour | None:
    """The colour to take, where an old one may be named before it; None in doubt."""
    words = clause.words
    places = clause.positions("colour")
    if not places:
        return None
    last = places[-1]
    new = [last]
    for place in reversed(places[:-1]):
        between = words[place + 1 : last]
        if all(word.has("ground", "plain", "colourword", "joint", "colour") for word in between) and (
            words[place].text.startswith("#") or words[last].text.startswith("#")
        ):
            new.insert(0, place)
    for place in places:
        if place not in new and not _is_old(words, place, new[0]):
            return None
    if any(word.has("parts") and word.text not in {"one", "ones"} for word in words):
        return None
    if any(word.has("item", UNKNOWN) for word in _between(words, new[-1], clause.positions("ground")[-1])):
        return None
    return agreed([words[place].meanings["colour"] for place in new])


def _is_old(words: tuple[Word, ...], place: int, new: int) -> bool:
    """Whether the colour at `place` describes what is there: before the noun, and an aim stands after it."""
    between = words[place + 1 : new]
    described = bool(between) and between[0].has("ground", "item", "of", "colourword", UNKNOWN)
    return any(word.has(*_AIMS) for word in between) and (
        described or (place > 0 and words[place - 1].has("from"))
    )


def _between(words: tuple[Word, ...], one: int, other: int) -> tuple[Word, ...]:
    return words[min(one, other) + 1 : max(one, other)]


def on_colour(clause: Clause) -> tuple[Operation, ...] | None:
    """`put it on white`, `product on white`, `on white`."""
    words = clause.words
    allowed = _ABOUT | {"add", "cut", "away", "item", "colour", "change", UNKNOWN, "write"}
    on = clause.positions("on")
    if len(on) != 1 or not clause.only(allowed) or clause.has("number"):
        return None
    before, after = words[: on[0]], words[on[0] + 1 :]
    unknown = [word for word in before if word.has(UNKNOWN)]
    if len(unknown) > _LONGEST_NAME or (unknown and not before[0].has("add", "cut", "the", "ba", UNKNOWN)):
        return None
    coloured = [at for at, word in enumerate(before) if word.has("colour")]
    if coloured and (not unknown or before.index(unknown[-1]) < coloured[-1]):
        return None
    if not after or not all(
        word.has("the", "plain", "colour", "colourword", "usage", "upon") for word in after
    ):
        return None
    if any(word.text in AS_GOODS or word.text in {"gold", "silver"} for word in after):
        return None
    colour = agreed([word.meanings["colour"] for word in after if word.has("colour")])
    return (SetBackground(colour=colour),) if colour else None


def transparent(clause: Clause) -> tuple[Operation, ...] | None:  # noqa: PLR0911 - one return for each reason
    """`remove the background`, `cut out the product`, `transparent background`, `no background`."""
    if not clause.only(_CLEAR | {"not"} if clause.has("none") else _CLEAR):
        return None
    if clause.has("none") and not (clause.has("ground") and len(clause) - len(clause.positions("the")) == 2):
        return None
    if clause.has("colour") and not _names_old_ground(clause):
        return None
    if clause.has("colour") and (len(clause.positions("ground")) > 1 or _is_both(clause)):
        return None
    ground, makes = clause.has("ground"), clause.has("transparent")
    removes = clause.has("remove", "none", "away")
    formatted = makes and (clause.has("format") or (clause.has("on") and clause.has("item", "cut")))
    if (ground and (removes or makes or clause.has("cut"))) or formatted:
        return (SetBackground(colour=None),)
    changes = any(word.has("change") and word.text not in {"make", "make a"} for word in clause)
    if clause.has("cut") and not changes and not clause.has("swap", "colour", "format", "on", "with"):
        return (SetBackground(colour=None),)
    if clause.has("snip") and clause.has("away") and clause.has("item", "it"):
        return (SetBackground(colour=None),)
    whole = makes and not clause.has("item", "it", "image", "change", "colour", "remove", "add")
    return (SetBackground(colour=None),) if whole else None


def _is_both(clause: Clause) -> bool:
    """Whether transparent and a colour are said of one background."""
    clear = clause.positions("transparent")
    return bool(clear) and clear[0] < clause.positions("colour")[0]


def _names_old_ground(clause: Clause) -> bool:
    places = clause.positions("colour")
    at = places[0] + 1
    if len(places) != 1 or clause.has("none") or any(word.has("to") for word in clause.words[: places[0]]):
        return False
    return at < len(clause) and clause.words[at].has("ground")


def filling(clause: Clause) -> tuple[Operation, ...] | None:
    """What takes the place of a background removed before. "Make it red" may mean the product."""
    if not clause.has("colour") or not clause.only(_FILLS):
        return None
    colour = agreed(clause.values("colour"))
    if colour is None:
        return None
    neutral = colour.name.startswith("#") or (
        colour.family is None and max(colour.rgb) - min(colour.rgb) < 48
    )
    aimed = clause.has("with", "on", "by") or not clause.has("it") or clause.has("to")
    return (SetBackground(colour=colour),) if neutral or aimed else None


def shadow(clause: Clause) -> tuple[Operation, ...] | None:
    if not clause.has("shadow") or not clause.only(_SHADOW):
        return None
    joints = clause.positions("joint")
    if joints and not all(word.has("soft", "slight", "shade") for word in clause.words[joints[0] + 1 :]):
        return None
    if any(value != "bottom" for value in clause.values("place")) or not _caster_is_named(clause):
        return None
    degrees = {*clause.values("slight")} | {
        {"light": "slight", "pale": "slight", "dark": "strong", "deep": "strong"}.get(shade, "")
        for shade in clause.values("shade")
    }
    degrees.discard("")
    if len(degrees) > 1:
        return None
    return (AddShadow(strength={"slight": 0.5, "strong": 1.5}.get("".join(degrees), 1.0)),)


def _caster_is_named(clause: Clause) -> bool:
    """Whether unknown words are the name of what casts the shadow, not of a kind of shadow."""
    words = clause.words
    unknown = clause.positions(UNKNOWN)
    if not unknown:
        return True
    first, last = unknown[0], unknown[-1]
    if last - first >= _LONGEST_NAME:
        return False
    if words[0].has("ba") and first == 1:
        return True
    behind = any(word.has("under", "to", "for", "of", "on", "with") for word in words[:first])
    follows = last + 1 < len(words) and words[last + 1].has("under", "place", "of")
    return (behind and first > clause.positions("shadow")[0]) or follows
