"""Words with their meanings, and the clauses they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


#: The kind of a word that the grammar does not know.
UNKNOWN = "unknown"
#: Kinds without a meaning of their own, which most clauses may contain.
LINKS = frozenset({"the", "is", "of", "to", "in", "for", "ba", "new"})


def kinds(names: str) -> frozenset[str]:
    return frozenset(names.split())


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    #: As written, with spaces between the words of a phrase.
    text: str
    #: Kind -> value, for each kind that the word can be of.
    meanings: Mapping[str, Any]
    #: Where it stands in the normalised instruction.
    start: int
    end: int

    def has(self, *kinds: str) -> bool:
        return any(kind in self.meanings for kind in kinds)


@dataclass(frozen=True, slots=True)
class Number:
    amount: float
    #: "%", "px", "degrees", "x", "other" or none.
    unit: str
    #: Whether a sign was written.
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The clause is understood, and the engine cannot do it; a sentence with its full stop."""

    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    words: tuple[Word, ...]
    kinds: frozenset[str]

    @classmethod
    def of(cls, words: tuple[Word, ...]) -> Clause:
        return cls(words, frozenset(kind for word in words for kind in word.meanings))

    def __iter__(self) -> Iterator[Word]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def has(self, *kinds: str) -> bool:
        return not self.kinds.isdisjoint(kinds)

    def only(self, allowed: frozenset[str]) -> bool:
        """Whether each word may stand in a clause of these kinds."""
        return all(not allowed.isdisjoint(word.meanings) for word in self.words)

    def values(self, kind: str) -> list[Any]:
        return [word.meanings[kind] for word in self.words if kind in word.meanings]

    def positions(self, kind: str) -> list[int]:
        return [index for index, word in enumerate(self.words) if kind in word.meanings]

    def without(self, *kinds: str) -> tuple[Word, ...]:
        return tuple(word for word in self.words if not word.has(*kinds))
