"""Clauses that give a product another colour."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qie_batch.colours import BY_WORD
from qie_batch.colours.codes import agreed
from qie_batch.colours.names import AS_GOODS
from qie_batch.engines.classic.edits import HueChange, Recolour
from qie_batch.engines.classic.grammar.clause import LINKS, UNKNOWN, Refused, kinds
from qie_batch.engines.classic.grammar.misspellings import COLOUR_MISSPELT

if TYPE_CHECKING:
    from qie_batch.colours import Colour
    from qie_batch.engines.classic.edits import Operation
    from qie_batch.engines.classic.grammar.clause import Clause, Word

Words = tuple["Word", ...]

_VERBS = ("change", "swap", "ba")
#: The words of an object's name.
_NAMES = (UNKNOWN, "item", "parts", "pattern", "body", "part", "scene", "textword", "graphic")
_LEFT = LINKS | {*_NAMES, "colour", "colourword", "change", "swap", "from", "usage", "it", "with"}
_LEFT |= {"parted", "finish"}
_RIGHT = frozenset(
    {"the", "plain", "colour", "colourword", "parts", "is", "new", "of", "item", UNKNOWN, "in"}
)
_SWAPS = LINKS | kinds("joint swap colour colourword with parts around around-words change image away")
_AIMS = ("to", "in", "with", "is", "for", "by", "change")
_LONGEST_NAME = 4
#: "The mug is red" asks for nothing.
_STATES = {"is", "are", "was", "been", "是"}


def recolour(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    if not clause.has("colour") or clause.has("ground", "number", "text", "place", "not"):
        return None
    if not clause.only(_LEFT | _RIGHT | {"by"}):
        return None
    split = _split(clause.words)
    if split is None:
        return None
    left, right, joined = split
    target = _target(left, right)
    if target is None or _is_fruit(right) or (not joined and _is_lamp(left, right)):
        return None
    sources = [word for word in left if word.has("colour")]
    if len(sources) > 1 or not _is_object(left, joined=joined):
        return None
    return _change(left, sources[0].meanings["colour"] if sources else None, target)


def _split(words: Words) -> tuple[Words, Words, bool] | None:
    """What is changed, what it becomes, and whether a word such as "to" stands between."""
    colours = [at for at, word in enumerate(words) if word.has("colour")]
    last = colours[-1]
    if len(colours) > 1 and words[last].text.startswith("#") and colours[-2] == last - 1:
        last -= 1
    at = last
    while at and words[at - 1].has("the", "plain", "new", "colourword") and not words[at - 1].has("of"):
        at -= 1
    aim = at
    while aim and words[aim - 1].has(*_AIMS) and aim != 1:
        aim -= 1
    if aim == at and words[at].has("colourword") and len(colours) == 1 and len(words) <= 4:
        return words[:at], words[at:], True
    if aim < at:
        if any(word.text in _STATES for word in words[aim:at]):
            return None
        replaces = any(word.has("with", "for", "by") for word in words[aim:at])
        if replaces and len(colours) == 1:
            return None
        return words[:aim], words[at:], True
    return words[:at], words[at:], False


def _target(left: Words, right: Words) -> Colour | None:
    """The new colour; behind it only the same object may be named again, or "one", "colour"."""
    if not all(word.has(*_RIGHT) for word in right):
        return None
    named = {word.text for word in left if word.has(UNKNOWN, "item")}
    tail = [word for word in right if word.has(UNKNOWN, "item")]
    if any(word.text not in named for word in tail):
        return None
    return agreed([word.meanings["colour"] for word in right if word.has("colour")])


def _is_fruit(right: Words) -> bool:
    """Whether "an orange" may be a thing."""
    return right[0].text in {"a", "an"} and not any(
        word.has(UNKNOWN, "item", "colourword", "parts") for word in right
    )


def _is_lamp(left: Words, right: Words) -> bool:
    """Whether "light" may be the thing: "turn the red light green"."""
    return right[0].text.startswith("light ") and not any(word.has(UNKNOWN, "item") for word in left)


def _is_object(left: Words, *, joined: bool) -> bool:  # noqa: PLR0911 - one return for each reason
    """Whether the words name an object or a colour to be changed, with a verb or a word such as "to"."""
    if not left or not all(word.has(*_LEFT) for word in left):
        return False
    names = [at for at, word in enumerate(left) if word.has(*_NAMES)]
    verbs = [
        at for at, word in enumerate(left) if word.has("change", "swap") or (not at and word.text == "colour")
    ]
    if len([at for at in names if left[at].has(UNKNOWN)]) > _LONGEST_NAME:
        return False
    if names and names[-1] - names[0] > _LONGEST_NAME:
        return False
    if any(word.text == "one" and after.has("of") for word, after in pairwise(left)):
        return False
    one = len(left) > 1 and left[-1].text == "的" and left[-2].has("colour")
    if (left[-1].has("of", "finish") and not one) or any(word.has("to", "in", "for") for word in left):
        return False
    if any(word.has("with") for word in left):
        return False
    coloured = any(word.has("colour") for word in left)
    if not coloured and not (names and any(left[at].has(*_NAMES) for at in names)):
        return False
    if any(at > names[0] for at in verbs) if names else False:
        return False
    if any(word.has("it") for word in left):
        return False
    return joined or bool(verbs)


def _change(left: Words, source: Colour | None, target: Colour) -> tuple[Operation, ...] | Refused | None:
    for word in left:
        refused = _not_a_product(word, coloured=source is not None)
        if refused:
            return Refused(refused)
    if source is None:
        if not _is_one_product(left):
            return None
        return (Recolour(changes=(HueChange(source=None, target=target),)),)
    if any(word.text in AS_GOODS for word in left if word.has("colour")):
        return None
    if source.family is None:
        return _no_hue(source)
    return (
        _same(source)
        if source is target
        else (Recolour(changes=(HueChange(source=source.family, target=target),)),)
    )


def _is_one_product(left: Words) -> bool:
    """Whether the words name a product, and not a part of it or what takes its place."""
    names = [at for at, word in enumerate(left) if word.has(UNKNOWN, "item")]
    if not names or any(word.has("with", "for") for word in left):
        return False
    if any(word.has("parted") and after.has("of") for word, after in pairwise(left)):
        return False
    within = left[names[0] : names[-1] + 1]
    part = any(word.has("of") for word in within) and not any(word.text == "colour" for word in left)
    return not part and not any(word.has("parted") for word in left[names[0] + 1 :]) and len(names) <= 3


def _same(colour: Colour) -> Refused:
    return Refused(f"“{colour.name}” would stay {colour.name}; name another colour to change it to.")


def _no_hue(source: Colour) -> Refused:
    return Refused(
        f"“{source.name}” has no hue by which a recolour could tell it from the rest of the picture; "
        "it starts from a colour such as red, orange, yellow, green, blue, purple, pink or brown."
    )


def _not_a_product(word: Word, *, coloured: bool) -> str:
    if word.has("body"):
        return f"“{word.text}”: hair, skin and faces are not recoloured; only products are."
    if word.has("textword", "graphic"):
        return (
            f"“{word.text}”: letters and logos are not recoloured; the rest of their colour would change too."
        )
    if word.has("part"):
        return f"“{word.text}” is a part of a product, and the rest of that colour would change too."
    if word.has(UNKNOWN) and word.text in COLOUR_MISSPELT:
        return f"“{word.text}” may be “{COLOUR_MISSPELT[word.text]}”; write the colour's whole name."
    if word.has("scene", "pattern") and not coloured:
        return f"“{word.text}” is no product; say which colour to change, as in “change blue to red”."
    return ""


def swap(clause: Clause) -> tuple[Operation, ...] | Refused | None:
    """Two colours that exchange their places."""
    if not clause.has("swap") or clause.has("to", "for") or not clause.only(_SWAPS):
        return None
    colours = clause.values("colour")
    if len(colours) == 1:
        colours = [
            BY_WORD[letter]
            for word in clause
            if word.has("colour")
            for letter in word.text
            if letter in BY_WORD
        ]
    if len(colours) != 2:
        return None
    for colour in colours:
        if colour.family is None:
            return _no_hue(colour)
    one, other = colours
    if one.family is other.family:
        return Refused(f"“{one.name}” and “{other.name}” are one hue family, so they cannot be swapped.")
    return (
        Recolour(
            changes=(
                HueChange(source=one.family, target=other),
                HueChange(source=other.family, target=one),
            )
        ),
    )
