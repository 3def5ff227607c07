"""What a person says of a catalog on the page of its check: options of the job, and what its columns are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from qie_batch.errors import UsageError
from qie_batch.manifest import COLUMNS, MAX_ROWS
from qie_batch.model import ReadingOptions
from qie_batch.steps.orders import PRIORITIES, OrderTexts, columns_of, job_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.model import JobOrder

#: Columns without which nothing can be edited.
NEEDED = ("id", "image", "instruction")


class Options(BaseModel):
    """Of the job, as they are typed on the page of the check."""

    name: str = ""
    instruction: str = ""
    budget: str = ""
    priority: str = "normal"
    #: Which file is the catalog, where several could be.
    catalog: str = ""
    #: Each column=header; "" for a column that is found by itself.
    map: list[str] = []
    header_line: str = ""
    sheet: str = ""
    encoding: str = ""

    @property
    def mapping(self) -> dict[str, str]:
        """UsageError for one that is none."""
        return columns_of(pair for pair in self.map if pair)

    def given(self) -> dict[str, Any]:
        """Those that say something."""
        texts = {name: text for name, text in self.model_dump().items() if text and name != "map"}
        pairs = [pair for pair in self.map if pair]
        return {**texts, **({"map": pairs} if pairs else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """A column of ours, and the headers that may mean it."""

    name: str
    #: The header that means it by itself, "" for none.
    found: str
    #: The pair column=header that a person chose, "" for none.
    chosen: str
    headers: tuple[str, ...]
    #: Whether it is shown without being asked for.
    seen: bool


def column_choices(
    headers: Sequence[str], found: Mapping[str, str], chosen: Mapping[str, str]
) -> list[ColumnChoice]:
    """All of ours, those that a catalog needs first."""
    return [
        ColumnChoice(
            name=column,
            found="" if column in chosen else found.get(column, ""),
            chosen=f"{column}={chosen[column]}" if column in chosen else "",
            headers=tuple(headers),
            seen=column in NEEDED or column in found or column in chosen,
        )
        for column in COLUMNS
    ]


def order_of(options: Options, tenant: str) -> JobOrder:
    """UsageError for what is no option."""
    if options.priority not in PRIORITIES:
        raise UsageError(
            f"there is no priority {options.priority!r}", hint=f"choose one of: {', '.join(PRIORITIES)}"
        )
    texts = OrderTexts(
        name=options.name,
        instruction=options.instruction,
        budget=options.budget.strip() or None,
        priority=options.priority,
        owner=tenant,
        reading=ReadingOptions(
            mapping=options.mapping,
            encoding=options.encoding.strip(),
            sheet=options.sheet.strip(),
            header_line=_line(options.header_line),
        ),
    )
    return job_order(texts)


def _line(text: str) -> int | None:
    if not text.strip():
        return None
    if text.strip().isdecimal() and 0 < int(text) <= MAX_ROWS:
        return int(text)
    raise UsageError(
        f"the line of the header is a number from 1 on, not {text[:40]!r}", code="header_line_invalid"
    )
