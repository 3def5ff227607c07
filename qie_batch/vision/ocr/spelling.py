"""Compares what was read with what should be: by letters and digits, whatever their case and width."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A Chinese character, a run of other letters and digits, a number with its point.
_WORDS = re.compile(r"[\u3400-\u9fff]|\d+(?:[.,]\d+)+%?|[^\W_\u3400-\u9fff]+%?|%")
_HAN = re.compile(r"[\u3400-\u9fff]")
#: Marks above and below Latin letters, which are often not read.
_ACCENTS = re.compile("[\u0300-\u036f]")
#: What the models read: Latin and Chinese letters.
_READ = re.compile(r"[\u3000-\u9fff\uf900-\uffef]|[\W\d_a-z]")
#: Letters that one and the same drawing may mean.
_ALIKE = str.maketrans("oil|", "0111")
#: Words that a reading may have more or fewer than the text has.
_SLACK = 2


def words_of(text: str) -> list[str]:
    """Its words in one case and width, each Chinese character a word, without accents and punctuation."""
    bare = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return _WORDS.findall(bare.casefold())


def folded(text: str) -> str:
    return "".join(words_of(text))


def readable(text: str) -> bool:
    """Whether the models read letters of these kinds."""
    return all(_READ.fullmatch(letter) for letter in folded(text))


def is_chinese(text: str) -> bool:
    return bool(_HAN.search(text))


def same(one: str, other: str) -> bool:
    """Whether both are spelt alike, as far as a drawing can tell."""
    return _seen(folded(one)) == _seen(folded(other))


def letters_apart(wanted: str, lines: Sequence[str]) -> tuple[int, str]:
    """Letters to change in what is nearest to the text among whole words of the lines, and that reading.

    A text may go on from one line to the next. 0 means that it is there, spelt right.
    """
    goal = folded(wanted)
    best = (len(goal), "")
    for reading in _readings(lines, len(words_of(wanted)), len(goal)):
        apart = _distance(_seen(goal), _seen(reading), best[0])
        if apart < best[0]:
            best = (apart, reading)
            if not apart:
                break
    return best


def occurrences(text: str, lines: Sequence[str]) -> int:
    """How often the text stands in the lines as whole words."""
    goal = _seen(folded(text))
    return sum(1 for reading in _readings(lines, len(words_of(text)), len(goal)) if _seen(reading) == goal)


def _readings(lines: Sequence[str], count: int, length: int) -> Iterable[str]:
    """The runs of words in the lines that are about as long as a text of `count` words."""
    words = [word for line in lines for word in words_of(line)]
    for start in range(len(words)):
        run = ""
        for word in words[start : start + count + _SLACK]:
            run += word
            if len(run) > 2 * length + _SLACK:
                break
            yield run


def _seen(text: str) -> str:
    return text.translate(_ALIKE)


@lru_cache(maxsize=4096)
def _distance(one: str, other: str, most: int) -> int:
    """Levenshtein distance, or `most` where it is no less."""
    if abs(len(one) - len(other)) >= most:
        return most
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row = row, [at]
        for place, own in enumerate(other, start=1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != own)))
    return min(row[-1], most)
