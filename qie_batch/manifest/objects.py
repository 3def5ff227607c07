"""JSONL files (one object on each line) as records."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

from qie_batch.manifest.faults import Fault, Record
from qie_batch.manifest.header import Header, distinct
from qie_batch.manifest.image_lists import images_of, is_address, looks_like_an_image
from qie_batch.manifest.limits import MAX_COLUMNS
from qie_batch.manifest.lines import Lines, at_most_max_rows
from qie_batch.model import InvalidManifest
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class _Object(dict[str, object]):
    """The object of one line; of two equal keys the last one counts."""

    #: A key that occurs twice in the line.
    doubled: str | None = None


def _object(pairs: list[tuple[str, object]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        ((made.doubled, _),) = Counter(key for key, _ in pairs).most_common(1)
    return made


#: Numbers keep the digits they were written with.
_PLAIN = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
#: NaN is how Python writes a value that is missing.
_CONSTANTS = {"NaN": None}
_JSON = json.JSONDecoder(
    parse_int=str,
    parse_float=str,
    parse_constant=lambda text: _CONSTANTS.get(text, text),
    object_pairs_hook=_object,
)
_WORDS = {None: "", True: "true", False: "false"}


class Objects:
    """Opening reads the file once to learn the keys of all objects, in order of appearance."""

    format: Literal["jsonl"] = "jsonl"
    delimiter = ""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        keys: dict[str, None] = {}
        for _, text in self._texts():
            keys.update(dict.fromkeys(_keys(text)))
            if len(keys) > MAX_COLUMNS:
                raise InvalidManifest(
                    f"{path.name} has more than {MAX_COLUMNS:,} different keys", hint="Split it"
                )
        names = tuple(map(_clean, keys))
        self.found = Header(line=0, keys=distinct(names), names=names, width=len(names))
        self.header = self.found.keys
        self._keys = tuple(keys)
        if not keys:
            raise InvalidManifest(
                f"{path.name} has no line that is a JSON object",
                hint='Write one object on each line: {"id": "1", "image": "1.jpg", "instruction": "..."}',
            )

    def records(self) -> Iterator[Record]:
        for line, text in self._texts():
            value = _parse(text)
            if isinstance(value, Fault):
                yield Record(line=line, cells=[""] * len(self.header), faults=(value,))
            else:
                yield self._record(line, value)

    def _record(self, line: int, value: _Object) -> Record:
        cells, faults = [], _doubled(value)
        for key, name in zip(self._keys, self.header, strict=True):
            cell, fault = _cell(name, value.get(key, ""))
            cells.append(cell)
            if fault:
                faults.append(fault)
        return Record(line=line, cells=cells, faults=tuple(faults))

    def _texts(self) -> Iterator[tuple[int, str]]:
        return at_most_max_rows(self._path.name, self._lines())

    def _lines(self) -> Iterator[tuple[int, str]]:
        with self._path.open(encoding=self._encoding) as stream:
            lines = Lines(self._path.name, stream)
            for text in lines:
                if text.strip():
                    yield lines.first, text
                lines.begin_row()


def _keys(text: str) -> Iterable[str]:
    try:
        value = _PLAIN.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return ()
    return value if isinstance(value, dict) else ()


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
    if isinstance(value, list) and (images := _images(value)):
        return images, None
    if isinstance(value, (dict, list)):
        text = _clean(json.dumps(value, ensure_ascii=False))
        reason = f"{quoted(name)} holds a nested value: write a text or a number"
        return text, Fault(column=name, code="value_nested", reason=reason)
    return _WORDS[value], None  # type: ignore[index]  # JSON has nothing else


def _images(values: list[object]) -> str:
    """A list of the names of images as the cell that names several; "" for any other list."""
    names = [value for value in values if isinstance(value, str) and value.strip()]
    text = "\n".join(names)
    named = all(is_address(name) or looks_like_an_image(name) for name in names)
    return text if named and len(names) == len(values) and images_of(text) == names else ""


def _clean(text: str) -> str:
    """The text without NUL and half surrogate pairs, which UTF-8 files or CSV readers cannot hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
