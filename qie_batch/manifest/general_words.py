"""What a header means in a manifest, remembered in its errors.csv: `size=yours variants=ours cfg:Strength`.

The few rows of an errors.csv may say less about a general word than all rows did, and `--map` is easily
forgotten the second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from qie_batch.manifest.aliases import COLUMNS, WORDS_COLUMN, normal
from qie_batch.manifest.summary import KeptColumn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.faults import Record

_OURS, _YOURS = "ours", "yours"


def spelled(general: Collection[str], kept: Sequence[KeptColumn], mapping: Mapping[str, str]) -> str:
    """The cell of `WORDS_COLUMN`: columns that a general word means, those that were kept, the mapping."""
    off = {column for column, name in mapping.items() if not name}
    theirs = {each.column for each in kept} | off
    words = [f"{column}={_YOURS if column in theirs else _OURS}" for column in sorted({*general, *off})]
    return " ".join([*words, *(f"{column}:{quote(name)}" for column, name in mapping.items() if name)])


def told(keys: Sequence[str], records: Iterable[Record]) -> list[str]:
    """The words of an errors.csv; none in other files."""
    place = next((place for place, key in enumerate(keys) if normal(key) == WORDS_COLUMN), None)
    first = None if place is None else next(iter(records), None)
    return first.cells[place].split() if first and place is not None else []


def mapped(words: Iterable[str], keys: Sequence[str]) -> dict[str, str]:
    """The mapping that an errors.csv remembers, of the headers that it has."""
    pairs = (word.partition(":") for word in words)
    found = {column: unquote(name) for column, separator, name in pairs if separator and column in COLUMNS}
    have = set(map(normal, keys))
    return {column: name for column, name in found.items() if normal(name) in have}


def remembered(columns: Columns, words: Iterable[str]) -> tuple[Columns, tuple[KeptColumn, ...]]:
    """The columns without doubt about the words that an errors.csv tells, and those that stay the user's."""
    kept = []
    for word in words:
        column, _, whose = word.partition("=")
        if column not in columns.general:
            continue
        if whose == _YOURS:
            kept.append(
                KeptColumn(column=column, header=columns.of[column], why="so it was in the whole catalog")
            )
            columns = columns.without(column)
        columns = columns.decided(column)
    return columns, tuple(kept)
