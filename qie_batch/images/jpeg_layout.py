"""The segments of a JPEG file, read without decoding a pixel: its coding process, its scans and its end.

Bytes that belong to no segment are skipped as libjpeg skips them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

#: ITU-T T.81, table B.1.
_DHT, _SOI, _EOI, _SOS, _DQT, _DNL, _DRI = 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD
_APP0, _APP14, _TEM = 0xE0, 0xEE, 0x01
_RESTARTS = range(0xD0, 0xD8)
#: SOF0 to SOF15; 0xC4, 0xC8 and 0xCC mark other segments.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_NOT_READ = {
    0xC3: "a lossless JPEG",
    0xC9: "an arithmetic-coded JPEG",
    0xCA: "an arithmetic-coded JPEG",
    0xCB: "a lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG"),
}

_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
#: A restart marker does not end a scan. Matches the last of several fill bytes, so that the time is linear.
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)

#: More are in no real file; each costs the reader and the decoder time.
_MAX_SEGMENTS = 20_000

_COEFFICIENTS = 64
#: A run of zero bytes that no image gives where zero bits stand for new coefficients.
_ZEROS = bytes(48)
#: In a scan that refines AC coefficients, where zero bits also leave up to a thousand of these unchanged.
_ZEROS_REFINING = bytes(256)

_JFIF = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    #: Of the entropy-coded bytes.
    start: int
    end: int
    #: A run of zero bytes that this scan cannot hold; none where zero bits can stand for an even area.
    hole: bytes


@dataclass(slots=True, kw_only=True)
class JpegLayout:
    data: bytes
    #: The second byte of the SOF marker; 0 without one.
    process: int = 0
    precision: int = 8
    size: tuple[int, int] = (0, 0)
    #: Pixels of the blocks (MCU) that an interleaved scan stores one after another: width and height.
    block: tuple[int, int] = (8, 8)
    #: Whether the file declares restart intervals, within which an error stays.
    restarts: bool = False
    #: Whether the end marker follows the last scan.
    ended: bool = False
    scans: list[_Scan] = field(default_factory=list)
    #: What decoding needs, in order: (start, end) in the file.
    _parts: list[tuple[int, int] | bytes] = field(default_factory=list)
    #: Component id -> for each coefficient the bits that are still to come, -1 before its first scan.
    _missing_bits: dict[int, list[int]] = field(default_factory=dict)
    #: (0 DC or 1 AC, number) -> the symbol of the code of zero bits alone.
    _zero_symbols: dict[tuple[int, int], int] = field(default_factory=dict)

    def check_process(self) -> None:
        """Rejected (image_format_unsupported) for a coding that is not read, by its name."""
        name = _NOT_READ.get(self.process, "")
        if self.process in _FRAMES and not name and self.precision != 8:
            name = f"a {self.precision}-bit JPEG"
        if name:
            raise Rejected(
                f"the file is {name}, which is not read: save it as an ordinary JPEG of 8 bits, PNG or WebP",
                code="image_format_unsupported",
            )

    def is_suspicious(self) -> bool:
        """Whether only decoding shows that no pixels are missing."""
        return not self.ended or self.has_zeros() or self.is_unfinished()

    def has_zeros(self) -> bool:
        """Whether a scan holds a run of zero bytes that no encoder writes: a part of the file was lost."""
        return any(scan.hole and self.data.find(scan.hole, scan.start, scan.end) >= 0 for scan in self.scans)

    def is_unfinished(self) -> bool:
        """Whether bits of the coefficients come in none of the scans."""
        for number, missing in enumerate(self._missing_bits.values()):
            if missing[0] != 0 or max(missing) > 0:
                return True
            # An encoder might leave out an even chroma.
            if (number == 0 or not self.ended) and min(missing) < 0:
                return True
        return not self.scans

    def padding(self) -> int:
        """Zero bytes at the end of the last scan."""
        last = self.scans[-1]
        scan = self.data[last.start : last.end]
        return len(scan) - len(scan.rstrip(b"\0"))

    def essence(self) -> bytes:
        """The file without metadata, stray bytes and what follows its end, and with an end marker.

        libjpeg warns of harmless oddities in those; every warning about the essence means lost pixels.
        """
        view = memoryview(self.data)
        parts = [part if isinstance(part, bytes) else view[slice(*part)] for part in self._parts]
        return b"".join((b"\xff\xd8", *parts, b"\xff\xd9"))

    def add(self, marker: int, start: int, end: int) -> None:
        """Take in the segment whose marker is at `start`."""
        body = self.data[start + 4 : end]
        if marker == _DHT:
            self._zero_symbols.update(_zero_symbols(body))
        elif marker in _FRAMES and not self.process:
            self._set_frame(marker, body)
        elif marker == _DRI:
            self.restarts = self.restarts or any(body[:2])
        elif marker == _APP0:
            if body.startswith(b"JFIF\0") and len(body) >= 14:
                self._parts.append(_JFIF)
            return
        elif marker == _APP14:
            self._add_adobe(body)
            return
        if marker in _FRAMES or marker in (_DHT, _DQT, _DRI, _DNL, 0xCC):
            self._parts.append((start, end))

    def _add_adobe(self, body: bytes) -> None:
        if body.startswith(b"Adobe") and len(body) >= 12:
            known = self._adobe_transform(body[11])
            self._parts.append(b"\xff\xee\x00\x0e" + body[:11] + bytes([known]))

    def _adobe_transform(self, value: int) -> int:
        """What libjpeg takes an unknown transform for: YCbCr of three components, YCCK of four."""
        if value in (0, 1, 2):
            return value
        return 2 if len(self._missing_bits) == 4 else 1

    def _set_frame(self, marker: int, body: bytes) -> None:
        if len(body) < 6:
            return
        self.process, self.precision = marker, body[0]
        self.size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        components = body[6 : 6 + 3 * body[5]]
        for component in components[::3]:
            self._missing_bits[component] = [-1] * _COEFFICIENTS
        if body[5] > 1:
            samplings = components[1::3]
            self.block = 8 * max(each >> 4 for each in samplings), 8 * max(each & 15 for each in samplings)

    def add_scan(self, start: int, data_start: int, end: int) -> None:
        """Take in the scan whose SOS marker is at `start` and whose entropy-coded bytes follow that."""
        body = self.data[start + 4 : data_start]
        count = body[0] if body else 0
        if len(body) < 2 * count + 4:
            return
        selectors = [(body[at], body[at + 1]) for at in range(1, 2 * count + 1, 2)]
        first, last, bits = body[2 * count + 1 : 2 * count + 4]
        if self.process != _PROGRESSIVE:
            first, last, bits = 0, _COEFFICIENTS - 1, 0
        for component, _ in selectors:
            missing = self._missing_bits.get(component, [])
            missing[first : last + 1] = [bits & 15] * len(missing[first : last + 1])
        hole = _ZEROS_REFINING if first > 0 and bits >> 4 else _ZEROS
        if all(self._is_even(tables, first, last, bits) for _, tables in selectors):
            hole = b""
        self.scans.append(_Scan(start=data_start, end=end, hole=hole))
        self._parts.append((start, end))

    def _is_even(self, tables: int, first: int, last: int, bits: int) -> bool:
        """Whether zero bits, by these Huffman tables, repeat the DC value and end the block."""
        if first == 0 and bits >> 4:
            return True
        direct = first > 0 or self._zero_symbols.get((0, tables >> 4)) == 0
        # Symbols 0x00 to 0xE0 in steps of 16 end one block or a run of blocks.
        return direct and (last == 0 or self._zero_symbols.get((1, tables & 15), 1) & 15 == 0)


def read_layout(data: bytes) -> JpegLayout:
    """The layout as far as the file goes; Rejected (image_broken) for one that has too many segments."""
    layout = JpegLayout(data=data)
    at = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return layout
        start, at = found.span()
        marker = data[at - 1]
        if marker == _EOI:
            layout.ended = True
            return layout
        if marker in _RESTARTS or marker in (_SOI, _TEM):
            continue
        end = at + int.from_bytes(data[at : at + 2], "big")
        if end < at + 2 or end > len(data):
            return layout
        if marker == _SOS:
            behind = _SCAN_END.search(data, end)
            at = behind.start() if behind else len(data)
            layout.add_scan(start, end, at)
        else:
            layout.add(marker, start, end)
            at = end
    raise Rejected("the JPEG file is damaged: export it again from its source", code="image_broken")


def _zero_symbols(body: bytes) -> Iterator[tuple[tuple[int, int], int]]:
    """For each table of a DHT segment the symbol of its first code, which is of zero bits alone."""
    while len(body) > 17:
        table, length = body[0], 17 + sum(body[1:17])
        yield (table >> 4, table & 15), body[17]
        body = body[length:]
