from functools import cache
from typing import Any

from pydantic import TypeAdapter

from qie_batch.views.records import CostView


def dumped(view: Any) -> dict[str, Any]:
    """A view as its JSON: plain dicts, lists, strings and numbers."""
    kind: Any = type(view)  # mypy takes a class for unhashable
    shown: dict[str, Any] = _adapter(kind).dump_python(view, mode="json", by_alias=True)
    return shown


def dumped_json(view: Any) -> bytes:
    """Likewise, as text."""
    kind: Any = type(view)
    return _adapter(kind).dump_json(view, by_alias=True)


def dumped_cost(view: CostView, by: str) -> dict[str, Any]:
    """Likewise, with the key under the grouping's own name: day, sku or engine."""
    return {by if name == "key" else name: value for name, value in dumped(view).items()}


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
