"""Text for people: what a terminal may print, counts, durations, and `{field}` templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Python calls these not printable, as their width varies; U+3000 is common in Chinese names.
_WIDE_SPACES = "\u00a0\u3000"
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def printable(text: str, limit: int = 60) -> str:
    """The text with every character replaced that could move a terminal's cursor."""
    head = text if len(text) <= limit else text[:limit] + "…"
    return "".join(c if c.isprintable() or c in _WIDE_SPACES else "\ufffd" for c in head)


def quoted(text: str, limit: int = 60) -> str:
    """The text in quotation marks, escaped to one line and cut at `limit` characters."""
    return repr(text if len(text) <= limit else text[:limit] + "…")


def many(number: int, noun: str) -> str:
    """1 row, 2 rows."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float) -> str:
    """0 %, less than 1 %, 62 %: never 0 % of something, nor 100 % of not everything."""
    if 0 < share < 0.01:
        return "less than 1 %"
    return f"{min(99, round(100 * share)) if share < 1 else 100} %"


def duration(seconds: float) -> str:
    """Two units at most: "0.04 s", "4.2 s", "1 min 5 s", "3 h 20 min", "2 d 4 h"."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if 0 < seconds < 0.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def moment(seconds: float) -> str:
    """A time in seconds since 1970, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


class LoneBrace(ValueError):
    """A brace of a template has no partner."""

    def __init__(self, brace: str) -> None:
        super().__init__(f"a {brace} has no partner")
        self.brace = brace


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{name}` fields; `{{` and `}}` are plain braces. A name is any text without braces."""

    #: Literal text and fields, in the order they are written.
    parts: tuple[str | Field, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """LoneBrace for a brace without its partner."""
        parts: list[str | Field] = []
        end = 0
        for match in _BRACES.finditer(text):
            parts.append(text[end : match.start()])
            parts.append(_part(match))
            end = match.end()
        return cls((*parts, text[end:]))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names, in the order they are written, each as often as it is."""
        return tuple(part.name for part in self.parts if isinstance(part, Field))

    def fill(self, values: Mapping[str, str]) -> str:
        """KeyError for a field without a value."""
        return "".join(values[part.name] if isinstance(part, Field) else part for part in self.parts)

    def split(self, separator: str) -> list[Template]:
        """The templates between the separators; one inside a field separates nothing."""
        groups: list[list[str | Field]] = [[]]
        for part in self.parts:
            if isinstance(part, Field):
                groups[-1].append(part)
            else:
                first, *others = part.split(separator)
                groups[-1].append(first)
                groups += [[other] for other in others]
        return [Template(tuple(group)) for group in groups]


def _part(match: re.Match[str]) -> str | Field:
    braces, name = match[0], match[1]
    if name is not None:
        return Field(name)
    if len(braces) == 1:
        raise LoneBrace(braces)
    return braces[0]
