"""The texts of a workbook that its cells name by number, kept on disk."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from qie_batch.manifest.limits import MAX_CELL
from qie_batch.manifest.workbook.blocks import Blocks
from qie_batch.manifest.workbook.package import Damaged, XmlReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.manifest.workbook.package import Package

_BLOCK = 256
#: Characters in memory, with a share for each text.
_CACHED = 3_000_000
_SHARE = 60
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Text:
    """Gathers the text of one cell: plain or rich, without the reading aids of East Asian text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_CELL + 1
        self._open = False
        self._phonetic = False

    def start(self, name: str) -> None:
        if name == "t":
            self._open = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self._open = False
        elif name == "rPh":
            self._phonetic = False

    def text(self, text: str) -> None:
        """A cell that is too long keeps one character more than a row may have."""
        if self._open and self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)

    def take(self) -> str:
        """The text; the next one begins."""
        text = "".join(self._parts)
        self._parts.clear()
        self._room = MAX_CELL + 1
        self._open = self._phonetic = False
        return unescaped(text)


def unescaped(text: str) -> str:
    r"""`_x000D_` stands for a carriage return, and `_x005F_` for the `_` that would begin such an escape."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)


class SharedStrings:
    """A sequence that reads the part as far as it is asked for, once."""

    def __init__(self, package: Package, part: str) -> None:
        """`part` is "" in a workbook without such texts."""
        self._reader = _Texts()
        self._pieces: Iterator[None] = package.parse(part, self._reader) if part else iter(())
        self._blocks = Blocks()
        self._cache: OrderedDict[int, list[str]] = OrderedDict()
        self._cached = 0

    def __getitem__(self, number: int) -> str:
        block, place = divmod(number, _BLOCK)
        texts = self._block(block) if number >= 0 else []
        if place >= len(texts):
            raise Damaged(f"a cell names text {number}, which is not there")
        return texts[place]

    def _block(self, block: int) -> list[str]:
        if block in self._cache:
            self._cache.move_to_end(block)
            return self._cache[block]
        while block >= len(self._blocks):
            if next(self._pieces, self) is self:
                # The last texts fill no block.
                return self._reader.texts if block == len(self._blocks) else []
            self._store()
            if block in self._cache:
                return self._cache[block]
        texts: list[str] = self._blocks[block]
        self._remember(block, texts)
        return texts

    def _store(self) -> None:
        """Write the full blocks of what was read."""
        texts = self._reader.texts
        full = len(texts) // _BLOCK * _BLOCK
        for first in range(0, full, _BLOCK):
            block = texts[first : first + _BLOCK]
            self._blocks.append(block)
            self._remember(len(self._blocks) - 1, block)
        del texts[:full]

    def _remember(self, block: int, texts: list[str]) -> None:
        self._cache[block] = texts
        self._cached += _weight(texts)
        while self._cached > _CACHED and len(self._cache) > 1:
            _, forgotten = self._cache.popitem(last=False)
            self._cached -= _weight(forgotten)


def _weight(texts: list[str]) -> int:
    return sum(map(len, texts)) + _SHARE * len(texts)


class _Texts(XmlReader):
    def __init__(self) -> None:
        #: Those that no block has taken.
        self.texts: list[str] = []
        self._text = Text()

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - nothing here has any
        self._text.start(name)

    def end(self, name: str) -> None:
        if name == "si":
            self.texts.append(self._text.take())
        else:
            self._text.end(name)

    def text(self, text: str) -> None:
        self._text.text(text)
