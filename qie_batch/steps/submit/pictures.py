"""The pictures that a manifest names: found, checked and hashed once each, remembered on disk."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch import images
from qie_batch.errors import Rejected, StoreUnavailable
from qie_batch.model import BadRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qie_batch.interfaces import ObjectStore
    from qie_batch.model import ManifestRow

#: Pictures read at a time: enough to hide the disk or the network, few enough to hold in memory.
AT_A_TIME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one picture: its hash, or why it cannot be edited."""

    sha256: str = ""
    content_type: str = ""
    code: str = ""
    reason: str = ""


def picture_names(rows: Iterable[ManifestRow | BadRow]) -> Iterator[str]:
    """Every picture that the rows name, in their order."""
    for row in rows:
        if not isinstance(row, BadRow):
            yield from row.images


class Pictures:
    """`folder` is where relative paths start: a folder here, or an s3://bucket/prefix.

    `bucket` gives the store of an s3:// address; it raises Rejected for a bucket that must not be read.
    """

    def __init__(self, folder: str, bucket: Callable[[str], ObjectStore], limits: images.Limits) -> None:
        self._folder = folder
        self._bucket = bucket
        self._limits = limits
        # A temporary file that SQLite itself removes: the memory it takes is bounded.
        self._spool = sqlite3.connect("", isolation_level=None)
        self._spool.execute(
            "CREATE TABLE pictures"
            " (name TEXT PRIMARY KEY, sha256 TEXT, content_type TEXT, code TEXT, reason TEXT)"
        )

    def check(self, names: Iterable[str]) -> Iterator[str]:
        """Read and check each picture once, several at a time; yields the names as they are done."""
        new = (name for name in names if self._note(name))
        with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="pictures") as pool:
            while some := list(islice(new, AT_A_TIME * 4)):
                for name, checked in zip(some, pool.map(self._checked, some), strict=True):
                    self._remember(name, checked)
                    yield name

    def __getitem__(self, name: str) -> Checked:
        query = "SELECT sha256, content_type, code, reason FROM pictures WHERE name = ?"
        sha256, content_type, code, reason = self._spool.execute(query, (name,)).fetchone()
        return Checked(sha256=sha256, content_type=content_type, code=code, reason=reason)

    def distinct(self) -> int:
        """Different pictures by content, those that cannot be edited left out."""
        (number,) = self._spool.execute(
            "SELECT count(DISTINCT sha256) FROM pictures WHERE code = ''"
        ).fetchone()
        return int(number)

    def usable(self) -> Iterator[tuple[str, str, str]]:
        """Name, sha256 and content type of each different picture, once."""
        after = ""
        query = (
            "SELECT min(name), sha256, content_type FROM pictures WHERE code = '' AND sha256 > ?"
            " GROUP BY sha256 ORDER BY sha256 LIMIT 256"
        )
        while rows := self._spool.execute(query, (after,)).fetchall():
            yield from rows
            after = rows[-1][1]

    def read(self, name: str) -> bytes:
        """The bytes; Rejected says why there are none."""
        address = self._address(name)
        if address.startswith("s3://"):
            return self._from_store(address)
        return _file_bytes(Path(address), name, self._limits)

    def _from_store(self, address: str) -> bytes:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        try:
            return self._bucket(bucket).get(key)
        except StoreUnavailable as error:
            if error.code not in {"bucket_missing", "store_denied"}:
                raise
            raise Rejected(
                f"bucket {bucket!r} is not there or must not be read", code="image_missing"
            ) from error

    def _remember(self, name: str, checked: Checked) -> None:
        columns = (checked.sha256, checked.content_type, checked.code, checked.reason)
        change = "UPDATE pictures SET (sha256, content_type, code, reason) = (?, ?, ?, ?) WHERE name = ?"
        self._spool.execute(change, (*columns, name))

    def _note(self, name: str) -> bool:
        return self._spool.execute("INSERT OR IGNORE INTO pictures (name) VALUES (?)", (name,)).rowcount == 1

    def _checked(self, name: str) -> Checked:
        try:
            data = self.read(name)
            kind, _, _ = images.inspect(data, self._limits)
        except Rejected as error:
            return Checked(code=error.code, reason=f"picture {name!r}: {error.message}")
        return Checked(sha256=hashlib.sha256(data).hexdigest(), content_type=f"image/{kind.lower()}")

    def _address(self, name: str) -> str:
        if name.startswith("s3://") or Path(name).is_absolute():
            return name
        if self._folder.startswith("s3://"):
            return f"{self._folder.rstrip('/')}/{name.removeprefix('./')}"
        return str(Path(self._folder) / name)


def _file_bytes(path: Path, name: str, limits: images.Limits) -> bytes:
    try:
        if path.is_dir():
            raise Rejected("this is a folder; name a file in it", code="image_missing")
        images.check_length(path.stat().st_size, limits)
        return path.read_bytes()
    except FileNotFoundError:
        similar = _similar(path)
        mend = f"did you mean {str(Path(name).with_name(similar))!r}?" if similar else "check its spelling"
        raise Rejected(
            f"there is no such file (looked for {path.absolute()}); {mend}", code="image_missing"
        ) from None
    except OSError as error:
        raise Rejected(f"the file cannot be read: {error.strerror}", code="image_unreadable") from error


def _similar(path: Path) -> str:
    """A file beside it with nearly the same name, "" if there is none."""
    try:
        names = {entry.name.lower(): entry.name for entry in os.scandir(path.parent)}
    except OSError:
        return ""
    close = get_close_matches(path.name.lower(), names, n=1, cutoff=0.7)
    return names[close[0]] if close else ""
