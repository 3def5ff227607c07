"""A catalog file -> Manifest."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Literal

from qie_batch.errors import UsageError
from qie_batch.manifest.aliases import ID_COLUMN, IMAGE_COLUMN, is_own, normal
from qie_batch.manifest.columns import match_columns, refuse_doubles, require
from qie_batch.manifest.duplicates import SeenIds
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.manifest.evidence import study
from qie_batch.manifest.general_words import mapped, remembered, spelled, told
from qie_batch.manifest.header import HeaderFinder
from qie_batch.manifest.image_lists import ImageLists
from qie_batch.manifest.limits import MAX_BYTES
from qie_batch.manifest.objects import Objects
from qie_batch.manifest.row import RowReader
from qie_batch.manifest.summary import Understanding
from qie_batch.manifest.table import Table
from qie_batch.manifest.workbook import Workbook, is_archive, refuse_old_office
from qie_batch.model import InvalidManifest, ReadingOptions, RowDefaults
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.evidence import Evidence
    from qie_batch.manifest.faults import Record
    from qie_batch.manifest.summary import KeptColumn
    from qie_batch.model import BadRow, ManifestRow

#: JSON, and no title such as "[Spring 2026]".
_ARRAY, _OBJECT = re.compile(r"\[\s*(?:[\[{\]]|\Z)").match, re.compile(r"\{\s*(?:[\"}]|\Z)").match
AS_IT_IS, NOTHING_CHOSEN = ReadingOptions(), RowDefaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A file whose header is understood."""

    #: Header names in the file's order, without qie-batch's own columns; of JSONL, every key that occurs.
    header: tuple[str, ...]
    #: Column -> the header name that means it.
    columns: Mapping[str, str]
    #: The same as the file spells them: two columns may have one name.
    names: tuple[str, ...]
    #: qie-batch's own columns that results.csv and errors.csv need beside the usual ones.
    own: tuple[str, ...]
    #: What of its general words is to be remembered in an errors.csv.
    words: str
    format: Literal["csv", "tsv", "jsonl", "xlsx"]
    understanding: Understanding
    _source: Table | Objects | Workbook
    _reader: RowReader

    def rows(self) -> Iterator[ManifestRow | BadRow]:
        """All rows that are not blank, in the file's order: each call is one pass, in bounded memory.

        Raises InvalidManifest for what is wrong with the file as a whole beyond its header.
        """
        try:
            with SeenIds() as seen:
                for record in self._source.records():
                    yield from self._reader.read(record, seen)
        except (OSError, UnicodeDecodeError) as error:
            raise _changed(error) from error

    def records(self) -> Iterator[Record]:
        """The rows as they stand, before they are understood. Raises as `rows` does."""
        return self._source.records()

    def place(self, key: str) -> int:
        """Of a column in a record's cells."""
        return self._source.found.keys.index(key)

    def rewrite(self, key: str, cells: Mapping[int, str], file: IO[bytes]) -> list[int]:
        """Copy the file, with other cells in one column of the rows on these lines; nothing else changes.

        The lines whose cell is left as it is, since it is a formula. UsageError for JSONL.
        """
        if isinstance(self._source, Objects):
            raise UsageError(
                "a file of JSON lines cannot be written back", hint="give the catalog as CSV, TSV or XLSX"
            )
        return self._source.rewrite(self.place(key), cells, file)


def open_manifest(
    path: Path,
    reading: ReadingOptions = AS_IT_IS,
    defaults: RowDefaults = NOTHING_CHOSEN,
    presets: Collection[str] = (),
    exists: Callable[[str], bool] = lambda _: False,
) -> Manifest:
    """Understand the header and prove the encoding. Raises InvalidManifest.

    `reading.mapping` is column -> header name, before any alias; `defaults` is used in rows that do not
    choose themselves; `presets` are the names that a row may choose from, any where there are none. `exists`
    says whether there is an image of a name that looks like several.
    """
    finder = HeaderFinder(mapping=reading.mapping, line=reading.header_line)
    encoding, source = _source(path, reading, finder)
    found = source.found
    image_lists = ImageLists(exists)
    need_instruction = not defaults.instruction.strip()
    theirs = [place for place, name in enumerate(found.keys) if not is_own(name)]
    keys, names = ([of[place] for place in theirs] for of in (found.keys, found.names))
    words = told(found.keys, source.records())
    mapping = {**mapped(words, keys), **reading.mapping}
    with _naming(keys):
        matched = match_columns(path.name, names, keys, mapping)
        require(path.name, names, matched, need_instruction=need_instruction)
        columns, kept = remembered(matched, words)
        evidence = _studied(source, columns, presets, image_lists)
        kept = (*kept, *evidence.kept)
        for each in kept:
            columns = columns.without(each.column)
        require(path.name, names, columns, need_instruction=need_instruction, kept=list(map(str, kept)))
        refuse_doubles(path.name, names, columns)
    return Manifest(
        header=tuple(keys),
        names=tuple(names),
        columns=columns.of,
        own=_own_columns(found.keys, columns, evidence),
        words=spelled(matched.general, kept, mapping),
        format=source.format,
        understanding=replace(_understanding(encoding, source, columns, kept, evidence), headers=tuple(keys)),
        _source=source,
        _reader=RowReader(found, columns, defaults, presets, image_lists),
    )


@contextmanager
def _naming(keys: Iterable[str]) -> Iterator[None]:
    """Refusals of what is inside tell the headers."""
    try:
        yield
    except InvalidManifest as error:
        error.headers = tuple(keys)
        raise


def _understanding(
    encoding: str,
    source: Table | Objects | Workbook,
    columns: Columns,
    kept: tuple[KeptColumn, ...],
    evidence: Evidence,
) -> Understanding:
    return Understanding(
        encoding=encoding,
        delimiter=source.delimiter,
        sheet=source.sheet if isinstance(source, Workbook) else "",
        header_line=source.found.line,
        skipped=source.found.skipped,
        columns=columns.of,
        spare_id=columns.spare_id,
        kept=kept,
        images=evidence.images,
        hosts=evidence.hosts,
        left_out=evidence.left_out,
    )


def _studied(
    source: Table | Objects | Workbook, columns: Columns, presets: Collection[str], image_lists: ImageLists
) -> Evidence:
    try:
        return study(source.records(), source.found.keys, columns, presets, image_lists)
    except (OSError, UnicodeDecodeError) as error:
        raise _changed(error) from error


def _own_columns(keys: Collection[str], columns: Columns, evidence: Evidence) -> tuple[str, ...]:
    have = {normal(key) for key in keys}
    several = evidence.several or IMAGE_COLUMN in have
    numbered = several or columns.numbered or ID_COLUMN in have
    return ((ID_COLUMN,) if numbered else ()) + ((IMAGE_COLUMN,) if several else ())


def _changed(error: Exception) -> InvalidManifest:
    return InvalidManifest(
        f"The catalog changed while it was read: {error}", hint="Submit it again when it is complete"
    )


def _source(
    path: Path, reading: ReadingOptions, finder: HeaderFinder
) -> tuple[str, Table | Objects | Workbook]:
    try:
        head = _refuse_whole(path)
        refuse_old_office(path, head)
        if is_archive(head):
            return "", Workbook(path, reading.sheet, finder)
        if reading.sheet:
            raise InvalidManifest(
                f"--sheet names a sheet of a workbook, and {path.name} is none", hint="Leave --sheet out"
            )
        encoding = detect_encoding(path, reading.encoding)
        with path.open(encoding=encoding.codec) as stream:
            start = stream.read(4096).lstrip("\ufeff \t\r\n")
        if _ARRAY(start):
            raise InvalidManifest(
                f"{path.name} holds a JSON array",
                hint="Write one object on each line: jq -c '.[]' turns one into the other",
            )
        if _OBJECT(start) or path.suffix.lower() in {".jsonl", ".ndjson"}:
            return encoding.name, Objects(path, encoding.codec)
        return encoding.name, Table(path, encoding.codec, finder)
    except OSError as error:
        raise InvalidManifest(
            f"{printable(str(path), 300)} cannot be read: {error.strerror}",
            hint="Name a CSV, TSV, XLSX or JSONL file",
        ) from error


def _refuse_whole(path: Path) -> bytes:
    """The first bytes of the file, if there are some and not too many."""
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
    return start
