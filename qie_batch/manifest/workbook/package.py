"""The ZIP file of a workbook and its XML parts, read as streams."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple, Self
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Bytes of a part as unpacked. ZIP readers stop at the size that the directory declares.
MAX_UNPACKED = 4_000_000_000
MAX_SMALL_PART = 64_000_000
#: A part above MAX_SMALL_PART unpacks to at most this many times its packed size.
MAX_RATIO = 300
#: Bytes of the ZIP file's directory: about 60,000 parts.
_MAX_DIRECTORY = 4_000_000
_CHUNK = 1 << 16
#: Bytes of one tag, comment or other piece that the XML parser has to hold as a whole.
_MAX_TAG = 1_000_000
_MAX_DEPTH = 64
#: Different names of elements and attributes in a part: the parser keeps them all.
_MAX_NAMES = 10_000

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    OverflowError,
    NotImplementedError,  # a newer ZIP version
    RuntimeError,  # an encrypted part
    UnicodeDecodeError,
    expat.ExpatError,
)


class Damaged(Exception):
    """The workbook cannot be read; the text says why, without a full stop."""


class Relationship(NamedTuple):
    #: The last word of its address, such as "worksheet".
    kind: str
    #: Name of the part that it leads to.
    part: str


class XmlReader:
    """Is told the elements of a part, by names without their prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of the text inside an element."""


class Package:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._zip = file
        self._parts = {normal_name(info.filename): info for info in file.infolist()}

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Damaged for a file that is no ZIP file; so does what is read from it raise Damaged."""
        with translated(), closing(_BoundedFile(path)) as raw, zipfile.ZipFile(raw) as file:
            yield cls(file)

    @property
    def names(self) -> frozenset[str]:
        """In lower case."""
        return frozenset(self._parts)

    def read(self, name: str, reader: XmlReader) -> None:
        """Tell `reader` the whole of a small part; nothing where there is no such part."""
        if normal_name(name) not in self._parts:
            return
        if self._parts[normal_name(name)].file_size > MAX_SMALL_PART:
            raise Damaged(f"its part {name} is larger than {MAX_SMALL_PART:,} bytes")
        for _ in self.parse(name, reader):
            pass

    def parse(self, name: str, reader: XmlReader) -> Iterator[None]:
        """Tell `reader` the part's elements, with a stop after each piece of the part."""
        with self._open(name) as stream:
            yield from _parse(stream, reader)

    def relationships(self, part: str) -> dict[str, Relationship]:
        folder, name = posixpath.split(part)
        found = _Relationships(folder)
        self.read(posixpath.join(folder, "_rels", f"{name}.rels"), found)
        return found.by_id

    def _open(self, name: str) -> IO[bytes]:
        info = self._parts.get(normal_name(name))
        if info is None:
            raise Damaged(f"its part {name[:100]} is missing")
        size = info.file_size
        if size > MAX_UNPACKED or size > max(MAX_SMALL_PART, info.compress_size * MAX_RATIO):
            raise Damaged(f"its part {name[:100]} unpacks to {size:,} bytes")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Damaged("it is packed in a way that no spreadsheet writes")
        return self._zip.open(info)


class _BoundedFile(io.FileIO):
    """Keeps a ZIP directory without end out of memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY:
            raise Damaged("it has too many parts")
        return super().read(size) or b""


class _Relationships(XmlReader):
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.by_id: dict[str, Relationship] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            target = attributes.get("Target", "").replace("\\", "/")
            part = posixpath.normpath(posixpath.join("/", self._folder, target)).lstrip("/")
            self.by_id[attributes.get("Id", "")] = Relationship(kind, part)


@contextmanager
def translated() -> Iterator[None]:
    """What the libraries raise for a damaged file becomes Damaged."""
    try:
        yield
    except _BROKEN as error:
        raise Damaged(str(error)[:200] or type(error).__name__) from error


def normal_name(name: str) -> str:
    """Some programs write backslashes or another letter case."""
    return name.replace("\\", "/").lstrip("/").casefold()


def _parse(stream: IO[bytes], reader: XmlReader) -> Iterator[None]:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    told, ended = reader.start, reader.end
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise Damaged("its elements are nested too deep")
        told(name.rpartition(":")[2] if ":" in name else name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        ended(name.rpartition(":")[2] if ":" in name else name)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    fed = 0
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk)
        fed += len(chunk)
        if fed - max(0, parser.CurrentByteIndex) > _MAX_TAG or len(parser.intern) > _MAX_NAMES:
            raise Damaged("its XML has a tag or names without end")
        yield
    parser.Parse(b"", True)  # noqa: FBT003 - its place is its name
    yield


def _refuse_doctype(*_: object) -> None:
    raise Damaged("its XML declares a document type, which may hold entities without end")
