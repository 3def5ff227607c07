"""The rows of a job as submit understood them: a header object, then one JSON object a row.

    {"version": 1, "header": ["id", …], "folder": "/shop", "format": "csv", "manifest_key": "manifests/…",
     "columns": {"id": "id", "image": "Photo URL", …}}
    {"line": 2, "id": "1", "images": ["1.jpg"], "params": {"instruction": …}, "variants": 1, "cells": {…}}
    {"line": 3, "id": "2", "column": "image", "code": "image_missing", "reason": "…", "cells": {…}}

A field of `params` that is not set is left out, and so is the priority that the job decides. Later parsers of
manifests read nothing else of a job.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from qie_batch.model import BadRow, Checks, EditParams, ManifestRow, OutputFormat, Priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qie_batch.manifest.opening import Manifest

VERSION = 1

_PARAMS = tuple(field.name for field in fields(EditParams))
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decoded = json.JSONDecoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHeader:
    """What the rows are of."""

    #: Header names of the manifest, as `Manifest.header`.
    header: tuple[str, ...]
    #: Where relative image paths start.
    folder: str
    format: str
    #: Object key of the manifest that was read.
    manifest_key: str
    #: Column -> the header name that means it; empty in files of earlier versions.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: The header names as the manifest spells them, where two columns have one name; else empty.
    names: tuple[str, ...] = ()
    #: Own columns of results.csv and errors.csv beside the usual ones, as `Manifest.own`.
    own: tuple[str, ...] = ()
    #: As `Manifest.words`.
    words: str = ""

    @classmethod
    def of(cls, manifest: Manifest, *, folder: str, manifest_key: str) -> Self:
        return cls(
            header=manifest.header,
            folder=folder,
            format=manifest.format,
            manifest_key=manifest_key,
            names=manifest.names if manifest.names != manifest.header else (),
            own=manifest.own,
            columns=manifest.columns,
            words=manifest.words,
        )

    def line(self) -> bytes:
        shown = {name: getattr(self, name) for name in self.__slots__}
        return _line({"version": VERSION, **shown, "columns": dict(self.columns)})

    @classmethod
    def parse(cls, line: bytes) -> Self:
        values: dict[str, Any] = _decoded(line.decode())
        # Jobs of earlier versions lack some.
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in cls.__slots__
        }
        return cls(**known)


def row_line(row: ManifestRow | BadRow) -> bytes:
    """The row as one line of the file."""
    if isinstance(row, BadRow):
        fault = {"column": row.column, "code": row.code, "reason": row.reason}
        return _line({"line": row.line, "id": row.id, **fault, "cells": dict(row.cells)})
    params = row.params
    shown: dict[str, Any] = {
        "line": row.line,
        "id": row.id,
        "images": row.images,
        "params": {name: value for name in _PARAMS if not _is_unset(value := getattr(params, name))},
        "variants": row.variants,
    }
    if row.priority is not None:
        shown["priority"] = int(row.priority)
    if asked := row.checks.text:
        shown["checks"] = asked
    if row.keep_mask:
        shown["keep_mask"] = row.keep_mask
    shown["cells"] = dict(row.cells)
    return _line(shown)


def parse_row(line: bytes) -> ManifestRow | BadRow:
    """The inverse of `row_line`."""
    values: dict[str, Any] = _decoded(line.decode())
    if "code" in values:
        return BadRow(**values)
    params = values["params"]
    params["output"] = OutputFormat(params["output"])
    priority = values.get("priority")
    return ManifestRow(
        line=values["line"],
        id=values["id"],
        images=tuple(values["images"]),
        params=EditParams(**params),
        variants=values["variants"],
        priority=None if priority is None else Priority(priority),
        checks=Checks.parse(values.get("checks", "")),
        keep_mask=values.get("keep_mask", ""),
        cells=values["cells"],
    )


class StoredRows:
    """The file, opened for one pass over its rows."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        self.header = StoredHeader.parse(file.readline())

    def __iter__(self) -> Iterator[ManifestRow | BadRow]:
        return map(parse_row, self._file)


def _is_unset(value: object) -> bool:
    return value is None or value is False or value == ""


def _line(values: dict[str, Any]) -> bytes:
    return f"{_encoded(values)}\n".encode()
