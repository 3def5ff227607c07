"""The own column that proves whether the characters of a row survived a spreadsheet.

A program that saves in a Western encoding writes "?" for every Chinese character, and says nothing.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Own column of results.csv and errors.csv.
CHECK_COLUMN = "qie_check"
_MOST = 200


def checksum_of(texts: Iterable[str]) -> str:
    """A checksum and the different characters beyond ASCII that it is of; "" where there are none."""
    beyond = (
        character
        for text in texts
        if not text.isascii()
        for character in text
        if character > "\x7f" and character.isprintable()
    )
    characters = " ".join(islice(dict.fromkeys(beyond), _MOST))
    return f"{_checksum(characters)} {characters}" if characters else ""


def is_intact(check: str) -> bool:
    """Whether `check` reads as it was written; an empty one has nothing to say."""
    checksum, _, characters = check.strip().partition(" ")
    return not check.strip() or checksum == _checksum(characters)


def _checksum(characters: str) -> str:
    return f"{crc32(characters.encode()):08x}"
