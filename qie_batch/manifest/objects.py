"""JSONL files (one object on each line) as records."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.limits import MAX_COLUMNS, MAX_ROWS
from qie_batch.model import InvalidManifest
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Object(dict[str, object]):
    """One line's object, as Python reads it: of two equal keys it has the last."""

    #: A key that stands in the line twice.
    doubled: str | None = None


def _object(pairs: list[tuple[str, object]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        ((made.doubled, _),) = Counter(key for key, _ in pairs).most_common(1)
    return made


#: Numbers keep the digits they were written with.
_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object)
_WORDS = {None: "", True: "true", False: "false"}


class Objects:
    """Reads the file once to learn every key that its objects have, in order of appearance."""

    format: Literal["jsonl"] = "jsonl"
    delimiter = ""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self.encoding = encoding
        self.count = 0
        keys: dict[str, None] = {}
        for self.count, (_, value) in enumerate(self._values(), start=1):  # noqa: B020  # kept after the loop
            if isinstance(value, _Object):
                keys.update(dict.fromkeys(value))
            if self.count > MAX_ROWS or len(keys) > MAX_COLUMNS:
                what = f"{MAX_ROWS:,} rows" if self.count > MAX_ROWS else f"{MAX_COLUMNS:,} different keys"
                raise InvalidManifest(f"{path.name} has more than {what}", hint="Split it")
        self.header = tuple(map(_clean, keys))
        self._keys = tuple(keys)
        if not keys:
            raise InvalidManifest(
                f"{path.name} holds no JSON object",
                hint='Write one object on each line: {"id": "1", "image": "1.jpg", "instruction": "..."}',
            )

    def records(self) -> Iterator[Record]:
        for line, value in self._values():
            if isinstance(value, Fault):
                yield Record(line=line, cells=[""] * len(self.header), faults=(value,))
                continue
            cells, faults = [], _doubled(value)
            for key, name in zip(self._keys, self.header, strict=True):
                cell, fault = _cell(name, value.get(key, ""))
                cells.append(cell)
                if fault:
                    faults.append(fault)
            yield Record(line=line, cells=cells, faults=tuple(faults))

    def _values(self) -> Iterator[tuple[int, _Object | Fault]]:
        with self._path.open(encoding=self.encoding) as stream:
            for line, text in enumerate(stream, start=1):
                if text.strip():
                    yield line, _parse(text)


def _parse(text: str) -> _Object | Fault:
    try:
        value = _JSON.decode(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"{error.msg} at character {error.colno}" if isinstance(error, ValueError) else "nested too deep"
        )
        return Fault(code="row_not_json", reason=f"the line is no JSON ({where}): write one object a line")
    if isinstance(value, _Object):
        return value
    return Fault(code="row_not_json", reason="the line is not a JSON object: put it in braces")


def _doubled(value: _Object) -> list[Fault]:
    if value.doubled is None:
        return []
    name = _clean(value.doubled)
    return [Fault(column=name, code="key_double", reason=f"the key {quoted(name)} stands twice: remove one")]


def _cell(name: str, value: object) -> tuple[str, Fault | None]:
    if isinstance(value, str):
        text = _clean(value)
        if text == value:
            return text, None
        reason = f"{quoted(name)} holds NUL or half a surrogate pair: write plain text"
        return text, Fault(column=name, code="text_invalid", reason=reason)
    if isinstance(value, (dict, list)):
        text = _clean(json.dumps(value, ensure_ascii=False))
        reason = f"{quoted(name)} holds a nested value: write a text or a number"
        return text, Fault(column=name, code="value_nested", reason=reason)
    return _WORDS[value], None  # type: ignore[index]  # JSON has nothing else


def _clean(text: str) -> str:
    """The text without what no UTF-8 file and no CSV reader can hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
