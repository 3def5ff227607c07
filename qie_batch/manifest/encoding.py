"""The encoding of a file, proved to its last byte."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 18
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SAVE_AS = "Save it as UTF-8 (in Excel: Save As, 'CSV UTF-8')"
#: GB18030's two-byte characters: common ones have two high bytes, rare ones end in an ASCII byte.
_PAIR = re.compile(rb"[\x81-\xfe]([\x80-\xfe]|[\x40-\x7e])")


class _Undecodable(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def detect_encoding(path: Path) -> str:
    """A codec that decodes the whole file; InvalidManifest if none does or if it holds NUL characters."""
    with path.open("rb") as file:
        start = file.read(3)
    declared = next((codec for bom, codec in _BOMS.items() if start.startswith(bom)), "")
    lines = []
    for codec in (declared,) if declared else ("utf-8", "gb18030"):
        try:
            _decode_all(path, codec)
            if codec == "gb18030":
                _refuse_western(path)
        except _Undecodable as error:
            lines.append(error.line)
        else:
            return codec
    tried = declared.removesuffix("-sig").upper() or "UTF-8 or GB18030"
    # Of two codecs, the one that decoded more of the file is more likely the right one.
    raise InvalidManifest(
        f"{path.name} is not {tried} text: line {max(lines)} holds other bytes", hint=_SAVE_AS
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _decode_all(path: Path, codec: str) -> None:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line, state, chunk = 1, decoder.getstate(), b""
    try:
        for chunk in _chunks(path):
            state = decoder.getstate()
            line += _newlines(path, line, decoder.decode(chunk))
        state, chunk = decoder.getstate(), b""
        decoder.decode(chunk, final=True)
    except UnicodeDecodeError as error:
        decoder.setstate(state)
        held_back = len(state[0])
        good = decoder.decode(chunk[: max(0, error.start - held_back)])
        raise _Undecodable(line + good.count("\n")) from error


def _newlines(path: Path, line: int, text: str) -> int:
    if "\0" in text:
        line += text[: text.index("\0")].count("\n")
        raise InvalidManifest(f"{path.name} holds a NUL character on line {line}", hint=_SAVE_AS)
    return text.count("\n")


def _refuse_western(path: Path) -> None:
    """Western 8-bit text can decode as rare GB18030 characters, because plain letters follow its accents."""
    common = rare = 0
    for chunk in _chunks(path):
        tails = _PAIR.findall(chunk)
        rare += sum(tail < b"\x80" for tail in tails)
        common += sum(tail >= b"\x80" for tail in tails)
    if rare > common:
        raise _Undecodable(0)
