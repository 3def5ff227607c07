"""Names in a ZIP file, of which only some say how they are encoded."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import no_room
from qie_batch.manifest.encoding import detect_encoding
from qie_batch.model import InvalidManifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zipfile import ZipInfo

#: Bit of an entry's flags: its name is UTF-8.
_UTF_8_FLAG = 0x800
#: Info-ZIP's extra field with the name in UTF-8.
_UNICODE_PATH = 0x7075


def names_of(entries: Sequence[ZipInfo]) -> list[str]:
    """The name of each entry, in the encoding that all names without a mark of their own prove together."""
    unmarked = [_raw(entry) for entry in entries if not _says_utf_8(entry)]
    codec = _codec([name for name in unmarked if not name.isascii()])
    return [_marked(entry) or _raw(entry).decode(codec, errors="replace") for entry in entries]


def _codec(names: list[bytes]) -> str:
    """Windows packs names in the encoding of its language, macOS in UTF-8 without saying so."""
    together = b"\n".join(names)
    try:
        together.decode()
    except UnicodeDecodeError:
        return _detected(together)
    return "utf-8"


def _detected(text: bytes) -> str:
    try:
        with tempfile.NamedTemporaryFile(prefix="qie-names-") as file:
            file.write(text)
            file.flush()
            return detect_encoding(Path(file.name)).codec
    except OSError as error:
        raise no_room(error) from error
    except InvalidManifest:  # it may be several
        return _first_that_decodes(text, "gb18030", "cp437")


def _first_that_decodes(text: bytes, *codecs: str) -> str:
    for codec in codecs[:-1]:
        try:
            text.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    return codecs[-1]


def _says_utf_8(entry: ZipInfo) -> bool:
    return bool(entry.flag_bits & _UTF_8_FLAG)


def _raw(entry: ZipInfo) -> bytes:
    """The bytes in the file: zipfile reads a name without a mark as code page 437, which has all bytes."""
    return entry.orig_filename.encode("utf-8" if _says_utf_8(entry) else "cp437")


def _marked(entry: ZipInfo) -> str:
    """The name by UTF-8's flag or by the extra field of Info-ZIP, "" for neither."""
    if _says_utf_8(entry):
        return entry.orig_filename
    extra = entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        # The checksum tells whether the other name was changed later.
        if (
            kind == _UNICODE_PATH
            and len(body) > 5
            and body[1:5] == struct.pack("<I", zlib.crc32(_raw(entry)))
        ):
            return body[5:].decode(errors="replace")
    return ""
