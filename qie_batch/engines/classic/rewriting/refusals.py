"""The errors of an edit of texts, each one sentence with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Texts of an image that a sentence names.
_MOST_NAMED = 8


def named(texts: Iterable[str]) -> str:
    """The texts in quotation marks, the first few of many."""
    every = list(dict.fromkeys(texts))
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(f"“{printable(text, 40)}”" for text in every[:_MOST_NAMED]) + more


def not_found(old: str, texts: Iterable[str]) -> Rejected:
    """Says which texts there are."""
    there = named(texts)
    return Rejected(
        f"The text “{printable(old)}” is not in the picture; "
        + (f"it has {there}." if there else "no text is read in it."),
        code="text_not_found",
        hint="Write it as it stands in the picture, a line at a time.",
        subject="instruction",
    )


def no_ground(why: str) -> Rejected:
    return Rejected(
        f"The background of the text cannot be painted over: {why}.",
        code="text_background",
        hint="Run the row with an engine that paints, or replace the text in the source of the picture.",
        subject="image",
    )


def unreadable(new: str, found: str) -> Rejected:
    shown = f"“{printable(found)}” is read instead" if found else "nothing is read in its place"
    return Rejected(
        f"The text “{printable(new)}” was drawn and cannot be read: {shown}.",
        code="text_unreadable",
        hint="Use a shorter text, or a larger picture.",
        subject="instruction",
    )


def still_there(old: str) -> Rejected:
    return Rejected(
        f"The text “{printable(old)}” can still be read after it was painted over.",
        code="text_unreadable",
        hint="Run the row with an engine that paints.",
        subject="image",
    )


def no_room(new: str) -> Rejected:
    return Rejected(
        f"The text “{printable(new)}” is too long for the place of the old one.",
        code="text_does_not_fit",
        hint="Shorten the text.",
        subject="instruction",
    )
