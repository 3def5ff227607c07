"""A file's bytes, decoded to the last one in bounded memory."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK, _SAMPLE = 1 << 18, 1 << 13
SAVE_AS = "Save it as UTF-8 (in Excel: Save As, 'CSV UTF-8')"


class Undecodable(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def decoded(path: Path, codec: str) -> Iterator[str]:
    """The text in pieces. Raises Undecodable, and InvalidManifest for a NUL character."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line, state, chunk = 1, decoder.getstate(), b""
    try:
        for chunk in chunks(path):
            state = decoder.getstate()
            text = decoder.decode(chunk)
            line += _newlines(path, line, text)
            yield text
        state, chunk = decoder.getstate(), b""
        yield decoder.decode(chunk, final=True)
    except UnicodeDecodeError as error:
        decoder.setstate(state)
        held_back = len(state[0])
        good = decoder.decode(chunk[: max(0, error.start - held_back)])
        raise Undecodable(line + good.count("\n")) from error


def _newlines(path: Path, line: int, text: str) -> int:
    if "\0" in text:
        line += text[: text.index("\0")].count("\n")
        raise InvalidManifest(f"{path.name} holds a NUL character on line {line}", hint=SAVE_AS)
    return text.count("\n")


def lines_beyond_ascii(path: Path) -> tuple[bytes, bool]:
    """The first lines with bytes beyond ASCII, and whether these are all such lines."""
    sample = bytearray()
    with path.open("rb") as file:
        while line := file.readline(_CHUNK):
            if not line.isascii():
                sample += line
                if len(sample) > _SAMPLE:
                    return bytes(sample[:_SAMPLE]), False
    return bytes(sample), True
