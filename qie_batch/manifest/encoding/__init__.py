"""The encoding of a file, decoded to the last byte; a guess is taken only where the text is evidence."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from qie_batch.manifest.encoding import candidates
from qie_batch.manifest.encoding.decoding import SAVE_AS, Undecodable, chunks, decoded
from qie_batch.manifest.encoding.likelihood import CHINESE
from qie_batch.manifest.encoding.names import (
    GB18030,
    MARKS,
    UTF_8,
    UTF_16_BE,
    UTF_16_LE,
    Encoding,
    named_encoding,
)
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Encoding", "detect_encoding"]

#: Bits a character of Chinese texts has at most, on average over a file of more than a few characters.
_CHINESE_BITS, _FEW = 12.0, 40
#: Files with more different characters beyond ASCII are never UTF-8 by chance.
_BY_CHANCE = 8
#: ISO-2022 and HZ hold two bytes a character, all of them ASCII, between escape sequences.
_ESCAPES = {
    "ISO-2022-KR": re.compile(rb"\x1b\$\)C"),
    "ISO-2022-JP": re.compile(rb"\x1b(\$[@B]|\$\(D|\([IJ])"),
    "ISO-2022-CN": re.compile(rb"\x1b\$[A)*+]"),
    "HZ-GB-2312": re.compile(rb"~\{([\x21-\x77][\x21-\x7e])+~\}"),
}


def detect_encoding(path: Path, asked: str = "") -> Encoding:
    """An encoding that decodes the whole file: `asked`, a name, or the one that the file itself proves.

    Raises InvalidManifest where none does, where several may, and for NUL characters.
    """
    with path.open("rb") as file:
        start = file.read(1024)
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    if asked:
        return _asked(path, named_encoding(asked), marked)
    if marked:
        return _proved(path, marked)
    _refuse_utf_16(path, start)
    try:
        return _utf_8(path)
    except Undecodable as error:
        return _chinese(path, error.line)


def _asked(path: Path, encoding: Encoding, marked: Encoding | None) -> Encoding:
    if marked and not encoding.name.startswith(marked.name):
        raise InvalidManifest(
            f"{path.name} begins with the byte order mark of {marked.name}; --encoding says {encoding.name}",
            hint="Leave out --encoding",
        )
    return _proved(path, marked or encoding)


def _proved(path: Path, encoding: Encoding) -> Encoding:
    try:
        for _ in decoded(path, encoding.codec):
            pass
    except Undecodable as error:
        raise InvalidManifest(
            f"{path.name} is not {encoding.name} text: line {error.line} holds other bytes", hint=SAVE_AS
        ) from None
    return encoding


def _utf_8(path: Path) -> Encoding:
    beyond: set[str] = set()
    escapes = False
    for text in decoded(path, UTF_8.codec):
        escapes = escapes or "\x1b" in text or "~{" in text
        if len(beyond) <= _BY_CHANCE and not text.isascii():
            beyond.update(character for character in set(text) if character > "\x7f")
    if 0 < len(beyond) <= _BY_CHANCE and (likelier := candidates.likelier_than_utf_8(path)):
        names = " or ".join(encoding.name for encoding in candidates.suggested(likelier))
        raise InvalidManifest(
            f"{path.name} may be UTF-8 or {names} text: too few letters beyond a to z tell which",
            hint=f"{SAVE_AS}, or say which: --encoding UTF-8",
        )
    if escapes and not beyond:
        _refuse_escapes(path)
    return UTF_8


def _refuse_utf_16(path: Path, start: bytes) -> None:
    """UTF-16 without its mark: a quarter of the bytes at least are NUL, all before or all behind a letter."""
    for encoding, zeros, others in (
        (UTF_16_LE, start[1::2], start[::2]),
        (UTF_16_BE, start[::2], start[1::2]),
    ):
        if zeros.count(0) * 4 > len(start) > 1 and 0 not in others:
            raise InvalidManifest(
                f"{path.name} holds NUL characters: it is UTF-16 without its byte order mark",
                hint=f"{SAVE_AS}, or pass --encoding {encoding.name}",
            )


def _refuse_escapes(path: Path) -> None:
    for chunk in chunks(path):
        for name, pattern in _ESCAPES.items():
            if pattern.search(chunk):
                raise InvalidManifest(
                    f"{path.name} is {name} text, not UTF-8",
                    hint=SAVE_AS if name == "ISO-2022-CN" else f"{SAVE_AS}, or pass --encoding {name}",
                )


def _chinese(path: Path, line: int) -> Encoding:
    """GB18030 where the file is likely Chinese; `line` is the first one that is not UTF-8."""
    found = candidates.candidates(path)
    counted: Counter[str] = Counter()
    try:
        for text in decoded(path, GB18030.codec):
            counted.update(text)
    except Undecodable as error:
        # Of two codecs, the one that decoded more of the file is more likely the right one.
        raise _refusal(path, max(line, error.line), found) from None
    bits, number = CHINESE.total(counted)
    if (number < _FEW or bits / number <= _CHINESE_BITS) and candidates.is_certain(GB18030, found):
        return GB18030
    raise _refusal(path, line, found)


def _refusal(path: Path, line: int, found: Sequence[candidates.Candidate]) -> InvalidManifest:
    likely = candidates.suggested(found)
    names = [encoding.name for encoding in likely]
    hint = f"{SAVE_AS}, or name its encoding: --encoding {names[0]}" if names else SAVE_AS
    if GB18030 in likely:
        told = (
            f"{path.name} is not UTF-8 text: line {line} holds other bytes, which may be {' or '.join(names)}"
        )
    else:
        told = f"{path.name} is not UTF-8 or GB18030 text: line {line} holds other bytes"
        hint += f" (or {', '.join(names[1:])})" if names[1:] else ""
    return InvalidManifest(told, hint=hint)
