"""Some cells of a CSV or TSV file written anew; every other character stays."""

from __future__ import annotations

import codecs
import io
import re
from functools import lru_cache
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Codecs that take a byte order mark away -> the mark's codecs, which keep it as a character.
_MARKED = {
    "utf-8-sig": ((b"", "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
_QUOTED = re.compile(r' *"(?:[^"]|"")*"')
_OPENS = re.compile(r' *"')


def rewrite_table(
    path: Path, codec: str, delimiter: str, place: int, cells: Mapping[int, str], file: IO[bytes]
) -> None:
    """Copy the file, with the cell at `place` (from 0) of each row that begins on one of these lines."""
    codec = _exact(path, codec)
    out = io.TextIOWrapper(file, encoding=codec, newline="")
    with path.open(encoding=codec, newline="") as stream:
        line = 0
        while text := stream.readline():
            line += 1
            new = cells.get(line)
            while new is not None and (spliced := _spliced(text, delimiter, place, new)) is None:
                # A cell goes on in the next line.
                more = stream.readline()
                line += bool(more)
                text += more
                if not more:
                    break
            out.write(text if new is None or spliced is None else spliced)
    out.flush()
    out.detach()


def _exact(path: Path, codec: str) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    return next((kept for mark, kept in _MARKED.get(codec, ()) if start.startswith(mark)), codec)


def _spliced(row: str, delimiter: str, place: int, new: str) -> str | None:
    """The row with the new cell; as it is where it has none at `place`. None where a quote is not closed."""
    plain = _plain(delimiter)
    start = 0
    for number in range(place + 1):
        quoted = _QUOTED.match(row, start)
        if not quoted and _OPENS.match(row, start):
            return None
        rest = plain.match(row, quoted.end() if quoted else start)
        assert rest is not None  # it matches nothing, too
        end = rest.end()
        if number == place:
            return row[:start] + _written(new, delimiter, quoted=bool(quoted)) + row[end:]
        if end == len(row) or row[end] != delimiter:
            break
        start = end + 1
    return row


@lru_cache(maxsize=4)
def _plain(delimiter: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(delimiter)}\r\n]*")


def _written(cell: str, delimiter: str, *, quoted: bool) -> str:
    if quoted or any(character in cell for character in (delimiter, '"', "\r", "\n")):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell
