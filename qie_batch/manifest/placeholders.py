"""Fills `{column}` in an instruction from the cells of the row."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from qie_batch.manifest.aliases import doubled, is_own, normal
from qie_batch.manifest.faults import WrongCell
from qie_batch.manifest.limits import MAX_CELL
from qie_batch.text import LoneBrace, Template, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.manifest.faults import Fault
    from qie_batch.manifest.header import Header

#: The columns that hold templates; no template may ask for them.
_TEMPLATES = ("instruction", "negative")
_NOTHING_WRONG: Mapping[str, Fault] = {}


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Template, tuple[str, ...]]:
    """The template and its fields: the rows of a manifest often share theirs."""
    template = Template.parse(text)
    return template, template.fields


class Placeholders:
    """The names that a template may ask for: the file's headers, then the columns that they stand for."""

    def __init__(self, header: Header, columns: Mapping[str, str]) -> None:
        templates = {columns.get(column) for column in _TEMPLATES}
        self._doubled = doubled(header.names)
        self._headers = {
            **{column: key for column, key in columns.items() if column not in _TEMPLATES},
            **{
                normal(name): key
                for name, key in zip(header.names, header.keys, strict=True)
                if key not in templates and name.strip() and not is_own(name)
            },
        }

    def fill(self, text: str, cells: Mapping[str, str], wrong: Mapping[str, Fault] = _NOTHING_WRONG) -> str:
        """WrongCell for a lone brace, an unknown name, a `wrong` cell, and a text too long once filled."""
        if "{" not in text and "}" not in text:
            return text
        try:
            template, fields = _parsed(text)
        except LoneBrace as error:
            advice = f"write {error.brace * 2} for a plain brace"
            raise WrongCell("placeholder_unknown", f"{error}: {advice}") from None
        values = {name: cells[self._header(name, wrong)].strip() for name in fields}
        # Before the text is built: a few fields may ask for a great many long cells.
        if len(text) + sum(len(values[name]) for name in fields) > MAX_CELL:
            reason = f"with its {{columns}} filled in, the text is longer than {MAX_CELL:,} characters"
            raise WrongCell("cell_too_long", f"{reason}: shorten it")
        return template.fill(values)

    def _header(self, name: str, wrong: Mapping[str, Fault]) -> str:
        wanted = normal(name)
        header = self._headers.get(wanted)
        if header is None:
            advice = f"the row has {self._listed()}; write {{{{ and }}}} for plain braces"
            raise WrongCell("placeholder_unknown", f"{_shown(name)} is no column: {advice}")
        if wanted in self._doubled:
            first, second = self._doubled[wanted]
            reason = f"{_shown(name)} names two columns, column {first} and column {second}"
            raise WrongCell("placeholder_unknown", f"{reason}: rename or remove one of them")
        if wrong and header in wrong:
            raise WrongCell(wrong[header].code, wrong[header].reason)
        return header

    def _listed(self) -> str:
        names = list(self._headers)
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        return ", ".join(f"{{{printable(name)}}}" for name in names[:20]) + more


def _shown(name: str) -> str:
    return f"{{{quoted(name)[1:-1]}}}"
