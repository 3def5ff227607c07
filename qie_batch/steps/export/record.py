"""What lies beside exported files and says what each was made of, so that nothing is made twice.

{"version": 1, "files": {"SKU-1.jpg": {"made_of": "<result>:<channel>:<upscaler>", "sha256": "...", ...}}}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from qie_batch.errors import Conflict
from qie_batch.model import findings_text, parsed_findings

if TYPE_CHECKING:
    from qie_batch.model import Finding
    from qie_batch.steps.export.destinations import Destination

RECORD = "qie-export.json"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    #: Result, rules and upscaler.
    made_of: str
    #: Of the file; "" where its rules kept it out.
    sha256: str
    size: int
    width: int = 0
    height: int = 0
    quality: int | None = None
    notes: tuple[str, ...] = ()
    #: Those that did not pass.
    findings: tuple[Finding, ...] = ()


class Record:
    """The files of all exports to one destination."""

    def __init__(self, files: dict[str, RecordedFile]) -> None:
        self._files = files
        self.changed = False

    @classmethod
    def read(cls, destination: Destination) -> Self:
        """Conflict for a file of that name which is no record."""
        data = destination.read(RECORD)
        if data is None:
            return cls({})
        try:
            told = json.loads(data)
            return cls({name: _file(values) for name, values in told["files"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Conflict(
                f"{destination.address(RECORD)} is no record of an export that can be read",
                code="export_record",
                hint="give another folder, or remove it: then all is written again",
            ) from error

    def get(self, name: str) -> RecordedFile | None:
        return self._files.get(name)

    def put(self, name: str, file: RecordedFile) -> None:
        if self._files.get(name) != file:
            self._files[name] = file
            self.changed = True

    def encoded(self) -> bytes:
        files = {name: _values(file) for name, file in sorted(self._files.items())}
        told = {"version": VERSION, "files": files}
        return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _values(file: RecordedFile) -> dict[str, Any]:
    return {**asdict(file), "findings": json.loads(findings_text(file.findings))}


def _file(values: dict[str, Any]) -> RecordedFile:
    findings = parsed_findings(json.dumps(values["findings"]))
    return RecordedFile(**{**values, "notes": tuple(values["notes"]), "findings": findings})
