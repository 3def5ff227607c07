"""Words that are misspelt, where only one word can be meant."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

from qie_batch.engines.classic.grammar.english import NOT_MISSPELT, TYPOS, UNMISTAKABLE

#: Letters from which a word may have two mistakes.
_LONG = 9
_LONGEST = 20


def _without(word: str, letters: int) -> set[str]:
    """The word without so many of its letters, in each way."""
    places = combinations(range(len(word)), letters)
    return {"".join(letter for at, letter in enumerate(word) if at not in left_out) for left_out in places}


def _all_without(word: str) -> set[str]:
    found = {word} | _without(word, 1)
    return found | _without(word, 2) if len(word) >= _LONG else found


def _by_rest() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for word in UNMISTAKABLE:
        for rest in _all_without(word):
            found.setdefault(rest, set()).add(word)
    return found


_BY_REST = _by_rest()


def _distance(one: str, other: str) -> int:
    """How many letters differ, are too many, are missing, or changed places with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, before, row = before, row, [at]
        for to, opposite in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != opposite))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == opposite:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
    return row[-1]


def _colour_misspelt() -> dict[str, str]:
    found = {"grean": "green", "geen": "green"}
    for colour in ("blue", "green", "yellow", "orange", "purple", "brown", "white", "black", "grey"):
        swapped = {
            colour[:at] + colour[at + 1] + colour[at] + colour[at + 2 :] for at in range(1, len(colour) - 1)
        }
        found |= dict.fromkeys((_without(colour, 1) | swapped) - {colour, colour[1:]}, colour)
    return found


#: Misspelt name of a colour -> the colour. A product may be of this name, so that it is asked back.
COLOUR_MISSPELT = _colour_misspelt()


@lru_cache(maxsize=4096)
def meant(word: str) -> str:
    """The word that a word unknown to the grammar stands for, or itself."""
    if word in TYPOS:
        return TYPOS[word]
    if not 5 <= len(word) <= _LONGEST or word in NOT_MISSPELT:
        return word
    near = {
        (distance, known)
        for rest in _all_without(word)
        for known in _BY_REST.get(rest, ())
        if known[0] == word[0]
        and (len(word) > 5 or len(known) == 6)
        and (distance := _distance(word, known)) <= (2 if len(known) >= _LONG else 1)
    }
    distance, first = min(near, default=(0, word))
    nearest = {known for others, known in near if others == distance}
    return first if all(known.startswith(first) for known in nearest) else word
