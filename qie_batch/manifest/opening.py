"""A catalog file -> Manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qie_batch.manifest.columns import is_own, match_columns
from qie_batch.manifest.duplicates import SeenIds
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.manifest.limits import MAX_BYTES
from qie_batch.manifest.objects import Objects
from qie_batch.manifest.row import RowReader
from qie_batch.manifest.table import Table
from qie_batch.model import InvalidManifest, ReadingOptions, RowDefaults
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from qie_batch.model import BadRow, ManifestRow

_NOT_TEXT = {b"PK\x03\x04": "an Excel workbook or a ZIP file", b"\xd0\xcf\x11\xe0": "an Excel workbook"}

AS_IT_IS, NOTHING_CHOSEN = ReadingOptions(), RowDefaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A file whose header is understood."""

    #: Header names in the file's order, without qie-batch's own columns; of JSONL, every key that occurs.
    header: tuple[str, ...]
    format: Literal["csv", "tsv", "jsonl"]
    #: Column -> header name, of the columns that the file has.
    columns: Mapping[str, str]
    _source: Table | Objects
    _reader: RowReader

    def rows(self) -> Iterator[ManifestRow | BadRow]:
        """All rows that are not blank, in the file's order: each call is one pass, in bounded memory.

        Raises InvalidManifest for what is wrong with the file as a whole beyond its header.
        """
        try:
            with SeenIds() as seen:
                for record in self._source.records():
                    yield self._reader.read(record, seen)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidManifest(
                f"The catalog changed while it was read: {error}", hint="Submit it again when it is complete"
            ) from error


def open_manifest(
    path: Path,
    reading: ReadingOptions = AS_IT_IS,
    defaults: RowDefaults = NOTHING_CHOSEN,
    presets: Collection[str] = (),
) -> Manifest:
    """Understand the header and prove the encoding. Raises InvalidManifest.

    `reading.mapping` is column -> header name, before any alias; `defaults` is used in rows that do not
    choose themselves; `presets` are the names that a row may choose from, any where there are none.
    """
    source = _source(path)
    header = tuple(name for name in source.header if not is_own(name))
    need_instruction = not defaults.instruction.strip()
    columns = match_columns(path.name, header, reading.mapping, need_instruction=need_instruction)
    return Manifest(
        header=header,
        format=source.format,
        columns=columns,
        _source=source,
        _reader=RowReader(source.header, columns, defaults, presets),
    )


def _source(path: Path) -> Table | Objects:
    try:
        _refuse_whole(path)
        encoding = detect_encoding(path)
        with path.open(encoding=encoding) as stream:
            first = stream.read(4096).lstrip()[:1]
        if first == "[":
            raise InvalidManifest(
                f"{path.name} holds a JSON array",
                hint="Write one object on each line: jq -c '.[]' turns one into the other",
            )
        if first == "{" or path.suffix.lower() in {".jsonl", ".ndjson"}:
            return Objects(path, encoding)
        return Table(path, encoding)
    except OSError as error:
        raise InvalidManifest(
            f"{printable(str(path), 300)} cannot be read: {error.strerror}",
            hint="Name a CSV, TSV or JSONL file",
        ) from error


def _refuse_whole(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise InvalidManifest(
            f"{path.name} has more than {MAX_BYTES:,} bytes", hint="Split it into several catalogs"
        )
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise InvalidManifest(
            f"{path.name} is empty", hint="Its first line names the columns: id,image,instruction"
        )
    if start in _NOT_TEXT:
        raise InvalidManifest(
            f"{path.name} is {_NOT_TEXT[start]}, not a CSV file", hint="In Excel: Save As, 'CSV UTF-8'"
        )
