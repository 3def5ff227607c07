"""The outcome of each image's check, kept on disk: the memory it takes is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.keys import is_web
from qie_batch.manifest.temporary_tables import TemporaryTables
from qie_batch.model import ImageHeader

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCheck:
    """The hash and the size of one image, or why it cannot be edited."""

    sha256: str = ""
    #: "JPEG", "PNG" or "WEBP".
    format: str = "PNG"
    #: Pixels, after the EXIF orientation is applied.
    width: int = 0
    height: int = 0
    #: Whether any pixel may be transparent.
    alpha: bool = False
    #: Whether the file has its end marker.
    ended: bool = True
    code: str = ""
    reason: str = ""

    @property
    def content_type(self) -> str:
        return f"image/{self.format.lower()}"

    @property
    def header(self) -> ImageHeader:
        return ImageHeader(self.format, self.width, self.height, self.alpha, self.ended)


# Columns in the order of ImageCheck's fields.
_SELECT = "SELECT sha256, format, width, height, alpha, ended, code, reason FROM images WHERE name = ?"
_UPDATE = (
    "UPDATE images SET (sha256, format, width, height, alpha, ended, code, reason) = (?, ?, ?, ?, ?, ?, ?, ?)"
    " WHERE name = ?"
)


class ImageChecks:
    """Every method raises Unavailable when the disk for temporary files is full."""

    def __init__(self) -> None:
        self._tables = TemporaryTables(
            "CREATE TABLE images (name TEXT PRIMARY KEY, sha256 TEXT, format TEXT, width INTEGER,"
            " height INTEGER, alpha INTEGER, ended INTEGER, code TEXT, reason TEXT);"
        )
        self._run = self._tables.run

    def close(self) -> None:
        self._tables.close()

    def expect(self, name: str) -> bool:
        """Whether the name is new."""
        return bool(self._run("INSERT OR IGNORE INTO images (name) VALUES (?) RETURNING 1", name))

    def remember(self, name: str, check: ImageCheck) -> None:
        values = [getattr(check, name) for name in ImageCheck.__slots__]
        self._run(_UPDATE, *values, name)

    def __getitem__(self, name: str) -> ImageCheck:
        (values,) = self._run(_SELECT, name)
        return ImageCheck(**dict(zip(ImageCheck.__slots__, values, strict=True)))

    def unended(self) -> tuple[int, str]:
        """How many that can be edited lack their end marker, and the name of one; 0 and "" without any."""
        query = "SELECT count(*), coalesce(min(name), '') FROM images WHERE code = '' AND NOT ended"
        ((number, name),) = self._run(query)
        return int(number), name

    def distinct(self) -> int:
        """Different images by content, those that cannot be edited left out."""
        ((number,),) = self._run("SELECT count(DISTINCT sha256) FROM images WHERE code = ''")
        return int(number)

    def usable(self) -> Iterator[tuple[str, str, str]]:
        """Name, sha256 and content type of each different image, once."""
        after = ""
        query = (
            "SELECT min(name), sha256, 'image/' || lower(format) FROM images WHERE code = '' AND sha256 > ?"
            " GROUP BY sha256 ORDER BY sha256 LIMIT 256"
        )
        while rows := self._run(query, after):
            yield from rows
            after = rows[-1][1]

    def usable_on_web(self) -> Iterator[str]:
        """Addresses of the images on the web that can be edited."""
        after = ""
        query = (
            "SELECT name FROM images WHERE code = '' AND name LIKE 'http%' AND name > ?"
            " ORDER BY name LIMIT 256"
        )
        while rows := self._run(query, after):
            yield from (name for (name,) in rows if is_web(name))
            after = rows[-1][0]
