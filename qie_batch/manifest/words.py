"""The general words of a manifest, remembered in its errors.csv: `size=yours variants=ours`.

The few rows of an errors.csv may say less about a column than all rows did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import WORDS_COLUMN, normal
from qie_batch.manifest.summary import KeptColumn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.faults import Record

_OURS, _YOURS = "ours", "yours"


def spelled(general: Collection[str], kept: Sequence[KeptColumn]) -> str:
    """The cell of `WORDS_COLUMN`, of the columns that a general word means and of those that were kept."""
    theirs = {each.column for each in kept}
    return " ".join(f"{column}={_YOURS if column in theirs else _OURS}" for column in sorted(general))


def remembered(
    columns: Columns, keys: Sequence[str], records: Iterable[Record]
) -> tuple[Columns, tuple[KeptColumn, ...]]:
    """The columns without doubt about the words that an errors.csv tells, and those that stay the user's."""
    place = next((place for place, key in enumerate(keys) if normal(key) == WORDS_COLUMN), None)
    first = None if place is None else next(iter(records), None)
    told = first.cells[place].split() if first and place is not None else []
    kept = []
    for word in told:
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
