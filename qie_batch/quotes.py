"""The texts of an instruction: what stands in quotation marks of any kind."""

from __future__ import annotations

import re

#: Opening mark, what the text may not contain, closing mark.
_PAIRS = (
    ('"', '"', '"'),
    ("“", "”", "”"),
    ("„", '“”„"', '[“”"]'),
    ("”", "”", "”"),
    ("«", "«»", "»"),
    ("»", "«»", "«"),
    ("\u2039", "\u2039\u203a", "\u203a"),
    ("\u203a", "\u2039\u203a", "\u2039"),
    ("「", "」", "」"),
    ("『", "』", "』"),
    ("《", "》", "》"),
    ("\uff02", "\uff02", "\uff02"),
    ("\u2018", "\u2019", "\u2019"),
    ("\u201a", "\u2018\u2019\u201a", "[\u2018\u2019]"),
    (r"(?<!\w)'", "'", r"'(?!\w)"),
)
_LONE = re.compile('["\uff02]')
_QUOTED = re.compile("|".join(f"{first}([^{without}]*){last}" for first, without, last in _PAIRS))


def taken_out(instruction: str) -> tuple[str, list[str]]:
    """The instruction with "0", "1" ... in the places of its texts, and these."""
    texts: list[str] = []
    plain: list[str] = []
    end = 0
    for found in _QUOTED.finditer(instruction):
        plain += (_without_marks(instruction[end : found.start()]), f' "{len(texts)}" ')
        texts.append(next(group for group in found.groups() if group is not None))
        end = found.end()
    return "".join(plain) + _without_marks(instruction[end:]), texts


def _without_marks(between: str) -> str:
    """A mark without its partner becomes one that no clause has, so that no number is taken for a text."""
    return _LONE.sub("”", between)
