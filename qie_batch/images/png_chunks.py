"""The chunks of a PNG file that decoding uses.

Text, XMP, workflows and other metadata are dropped unread: however large or damaged, they change no pixel.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from qie_batch.images.profiles import MAX_PROFILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURE = 8
#: In the file, as the header chunk is the first.
_COLOUR_TYPE = 25
_PALETTE = b"\3"
#: Signature and header chunk.
_HEAD = 33
_END = b"\0\0\0\0IEND\xaeB`\x82"

#: Ancillary chunks that are used -> their length in bytes; 0 for any. PNG specification, section 11.3.
_USED = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"iCCP": 0, b"eXIf": 0, b"acTL": 8, b"fcTL": 26}
#: Decides pixels, so that a wrong checksum must be found as in a critical chunk.
_TRANSPARENCY = b"tRNS"


def is_whole(data: bytes) -> bool:
    """Whether the chunks lead to the end chunk."""
    return any(name == b"IEND" for name, _, _ in _chunks(data))


def is_sound(data: bytes) -> bool:
    """Whether the chunks that decide pixels are there, with right checksums."""
    view = memoryview(data)
    lengths: dict[bytes, int] = {}
    for name, start, end in _chunks(data):
        if (name[:1].isupper() or name == _TRANSPARENCY) and not _has_checksum(view[start:end]):
            return False
        lengths[name] = lengths.get(name, 0) + end - start - 12
    if data[_COLOUR_TYPE : _COLOUR_TYPE + 1] == _PALETTE and b"PLTE" not in lengths:
        return False
    return b"IEND" in lengths and lengths.get(b"IDAT", 0) > 0


def essence(data: bytes) -> bytes:
    """The file without the chunks that are not used or whose metadata is damaged."""
    view = memoryview(data)
    parts = [view[:_SIGNATURE]]
    end = _SIGNATURE
    for name, start, behind in _chunks(data):
        if _is_kept(name, view[start:behind]):
            parts.append(view[start:behind])
        end = behind
    if sum(map(len, parts)) == len(data):
        return data
    # A chunk that is cut short stays, so that the decoder refuses the file.
    return b"".join(parts) if is_whole(data) else b"".join((*parts, view[end:]))


def without_pixels(data: bytes) -> bytes:
    """Signature, header chunk and end chunk, of which a program that reads no pixels makes do."""
    return data[:_HEAD] + _END


def with_pixels(head: bytes, data: bytes) -> bytes:
    """What `without_pixels` gave, with chunks that were added to it, and the pixels of the same file."""
    return b"".join((head.removesuffix(_END), memoryview(data)[_HEAD:]))


def exif(data: bytes) -> bytes:
    """The content of the last eXIf chunk, wherever it stands; b"" without one."""
    found = [data[start + 8 : end - 4] for name, start, end in _chunks(data) if name == b"eXIf"]
    return found[-1] if found else b""


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk up to the end chunk or to the first that is cut short or is none."""
    at = _SIGNATURE
    while at + 12 <= len(data):
        name = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) or not name.isalpha():
            return
        yield name, at, end
        if name == b"IEND":
            return
        at = end


def _is_kept(name: bytes, chunk: memoryview) -> bool:
    if name[:1].isupper() or name == _TRANSPARENCY:
        return True
    if name not in _USED or _USED[name] not in (0, len(chunk) - 12):
        return False
    if not _has_checksum(chunk):
        return False
    return name != b"iCCP" or _is_profile(bytes(chunk[8:-4]))


def _has_checksum(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _is_profile(content: bytes) -> bool:
    """Whether a profile of a usual size is compressed there."""
    name, _, packed = content.partition(b"\0")
    if not 1 <= len(name) <= 79 or packed[:1] != b"\0":
        return False
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(packed[1:], MAX_PROFILE + 1)
    except zlib.error:
        return False
    return inflate.eof and len(profile) <= MAX_PROFILE
