"""Terms and their translations, from a CSV file."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Self

from qie_batch.errors import Misconfigured
from qie_batch.vision.ocr.spelling import folded, is_chinese

if TYPE_CHECKING:
    from pathlib import Path

#: Names of columns; a first row of them is no term.
_HEADINGS = {
    "zh", "en", "cn", "chinese", "english", "中文", "英文", "term", "translation", "source", "target",
    "原文", "译文",
}  # fmt: skip
#: Hexadecimal digits of the file's sha256 in a revision.
_SHORT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Glossary:
    name: str
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Misconfigured for a file that is no glossary."""
        pairs: dict[str, tuple[str, str]] = {}
        for number, row in enumerate(csv.reader(StringIO(_content(path))), start=1):
            cells = [cell.strip() for cell in row]
            if not any(cells) or (number == 1 and {cell.casefold() for cell in cells} <= _HEADINGS):
                continue
            if len(cells) < 2 or not cells[0] or not cells[1]:
                raise Misconfigured(
                    f"line {number} of the glossary {path} has no two terms", hint="write term,translation"
                )
            before = pairs.setdefault(folded(cells[0]), (cells[0], cells[1]))
            if before[1] != cells[1]:
                raise Misconfigured(
                    f"the glossary {path} translates “{cells[0]}” twice: “{before[1]}” and “{cells[1]}”",
                    hint="leave one of them",
                )
        if not pairs:
            raise Misconfigured(
                f"the glossary {path} has no terms", hint="write term,translation in each line"
            )
        return cls(name=path.name, pairs=tuple(pairs.values()))

    def towards(self, language: str) -> dict[str, str]:
        """Folded term -> translation into the language; from the first column to the second without one."""
        if not language:
            return {folded(term): translation for term, translation in self.pairs}
        chinese = language == "chinese"
        both = [*self.pairs, *((translation, term) for term, translation in self.pairs)]
        return {
            folded(term): translation
            for term, translation in both
            if is_chinese(translation) is chinese or folded(term) == folded(translation)
        }


def revision(path: Path) -> str:
    """The glossary's part of cache keys; Misconfigured where it cannot be read."""
    return f"glossary-{hashlib.sha256(_content(path).encode()).hexdigest()[:_SHORT]}"


def _content(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misconfigured(
            f"the glossary {path} cannot be read: {reason}",
            hint="correct QIE_GLOSSARY: a CSV file in UTF-8 with term,translation in each line",
        ) from error
