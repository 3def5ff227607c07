"""What became of each picture, remembered on disk: the memory it takes is bounded."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qie_batch.steps.submit.files import no_room

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one picture: its hash, or why it cannot be edited."""

    sha256: str = ""
    content_type: str = ""
    code: str = ""
    reason: str = ""


class Verdicts:
    """Every method raises Unavailable when the disk for temporary files is full."""

    def __init__(self) -> None:
        # A temporary file that SQLite itself removes.
        self._spool = sqlite3.connect("", isolation_level=None)
        self._run(
            "CREATE TABLE pictures"
            " (name TEXT PRIMARY KEY, sha256 TEXT, content_type TEXT, code TEXT, reason TEXT)"
        )

    def expect(self, name: str) -> bool:
        """Whether the name is new."""
        return bool(self._run("INSERT OR IGNORE INTO pictures (name) VALUES (?) RETURNING 1", name))

    def remember(self, name: str, checked: Checked) -> None:
        self._run(
            "UPDATE pictures SET (sha256, content_type, code, reason) = (?, ?, ?, ?) WHERE name = ?",
            *(checked.sha256, checked.content_type, checked.code, checked.reason, name),
        )

    def __getitem__(self, name: str) -> Checked:
        query = "SELECT sha256, content_type, code, reason FROM pictures WHERE name = ?"
        ((sha256, content_type, code, reason),) = self._run(query, name)
        return Checked(sha256=sha256, content_type=content_type, code=code, reason=reason)

    def distinct(self) -> int:
        """Different pictures by content, those that cannot be edited left out."""
        ((number,),) = self._run("SELECT count(DISTINCT sha256) FROM pictures WHERE code = ''")
        return int(number)

    def usable(self) -> Iterator[tuple[str, str, str]]:
        """Name, sha256 and content type of each different picture, once."""
        after = ""
        query = (
            "SELECT min(name), sha256, content_type FROM pictures WHERE code = '' AND sha256 > ?"
            " GROUP BY sha256 ORDER BY sha256 LIMIT 256"
        )
        while rows := self._run(query, after):
            yield from rows
            after = rows[-1][1]

    def _run(self, statement: str, *values: str) -> list[Any]:
        try:
            return self._spool.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise no_room(error) from error
