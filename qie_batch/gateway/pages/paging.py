"""Pages of a long list, by number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    #: From 1.
    number: int
    count: int
    path: str
    #: The rest of the query; what is empty is left out.
    query: Mapping[str, str] = field(default_factory=dict)
    #: Of the part of the page that is turned.
    fragment: str = ""

    @classmethod
    def of(cls, total: int, size: int, number: int, path: str, *, fragment: str = "", **query: str) -> Pages:
        """A number beyond the last page is the last page."""
        count = max(1, -(-total // size))
        return cls(number=min(max(1, number), count), count=count, path=path, query=query, fragment=fragment)

    def address(self, number: int) -> str:
        query = {name: value for name, value in self.query.items() if value}
        if number > 1:
            query["page"] = str(number)
        return f"{self.path}{'?' if query else ''}{urlencode(query)}{self.fragment}"
