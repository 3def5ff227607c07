"""Items on disk, between the moment they are worked out and the transaction that enters them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qie_batch.model import Checks, Failure, NewItem, Priority
from qie_batch.steps.submit.files import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_encoded = json.JSONEncoder(separators=(",", ":")).encode
_FIELDS = ("ordinal", "line", "row_id", "variant", "priority", "spec_text", "cache_key", "lora_group")


class ItemSpool(Spool):
    def add(self, items: Iterable[NewItem]) -> None:
        """Append them as one line."""
        self.write(f"{_encoded([_values(item) for item in items])}\n".encode())

    def __iter__(self) -> Iterator[NewItem]:
        with self.reader() as lines:
            for line in lines:
                yield from map(_item, json.loads(line))


def _values(item: NewItem) -> list[Any]:
    values = [*(getattr(item, name) for name in _FIELDS), item.checks.text]
    return [*values, item.failure.code, item.failure.reason] if item.failure else values


def _item(values: list[Any]) -> NewItem:
    ordinal, line, row_id, variant, priority, spec_text, cache_key, group, checks, *failure = values
    return NewItem(
        ordinal=ordinal,
        line=line,
        row_id=row_id,
        variant=variant,
        priority=Priority(priority),
        spec_text=spec_text,
        cache_key=cache_key,
        lora_group=group,
        checks=Checks.parse(checks),
        failure=Failure(code=failure[0], reason=failure[1]) if failure else None,
    )
