"""Fills `{column}` in an instruction from the row; `{{` and `}}` are plain braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qie_batch.manifest.columns import normal
from qie_batch.manifest.faults import WrongCell, quoted, shown
from qie_batch.manifest.limits import MAX_CELL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
#: These are templates themselves.
_TEMPLATES = ("instruction", "negative")


class Placeholders:
    """The names a row can be asked for: the file's headers, then the columns they mean."""

    def __init__(self, header: Sequence[str], columns: Mapping[str, str]) -> None:
        templates = {columns.get(column) for column in _TEMPLATES}
        self._headers = {
            **{column: name for column, name in columns.items() if column not in _TEMPLATES},
            **{normal(name): name for name in header if name not in templates and name.strip()},
        }

    def fill(self, template: str, cells: Mapping[str, str]) -> str:
        if "{" not in template and "}" not in template:
            return template

        length = len(template)

        def value(match: re.Match[str]) -> str:
            nonlocal length
            braces, name = match[0], match[1]
            if braces in ("{{", "}}"):
                return braces[0]
            if name is None:
                advice = f"write {braces * 2} for a plain brace"
                raise WrongCell("placeholder_unknown", f"a {braces} has no partner: {advice}")
            header = self._headers.get(normal(name))
            if header is None:
                advice = f"the row has {self._listed()}; write {{{{ and }}}} for plain braces"
                raise WrongCell("placeholder_unknown", f"{{{quoted(name)[1:-1]}}} is no column: {advice}")
            filled = cells[header].strip()
            length += len(filled)
            if length > MAX_CELL:
                reason = f"with its {{columns}} filled in, the text is longer than {MAX_CELL:,} characters"
                raise WrongCell("cell_too_long", f"{reason}: shorten it")
            return filled

        return _BRACES.sub(value, template)

    def _listed(self) -> str:
        names = list(self._headers)
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        return ", ".join(f"{{{shown(name)}}}" for name in names[:20]) + more
