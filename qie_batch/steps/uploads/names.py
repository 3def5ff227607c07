"""Names of sent files: relative paths with `/` between their parts, which lead nowhere else."""

from __future__ import annotations

import re
import unicodedata

from qie_batch.errors import UsageError
from qie_batch.text import quoted

#: Bytes of a name.
MAX_NAME = 1000
#: Without their parts: what file managers and version control leave in folders, in lower case.
_IGNORED = frozenset(("__macosx", "thumbs.db", "desktop.ini", "@eadir"))
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MANIFEST = re.compile(r"\.(?:csv|tsv|xlsx|xlsm|jsonl|ndjson)\Z", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.zip\Z", re.IGNORECASE)


def clean_name(name: str) -> str:
    """The name in Unicode form NFC, with slashes alone; UsageError for one that is no relative path."""
    path = name.replace("\\", "/")
    if _CONTROL.search(path):
        raise _refused(name, "holds a control character")
    if path.startswith("/") or _DRIVE.match(path):
        raise _refused(name, "begins at the root of a disk")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise _refused(name, "leaves its folder with '..'")
    cleaned = unicodedata.normalize("NFC", "/".join(parts))
    if not cleaned:
        raise _refused(name, "is empty")
    if len(cleaned.encode()) > MAX_NAME:
        raise _refused(name, f"is longer than {MAX_NAME} bytes")
    return cleaned


def is_ignored(name: str) -> bool:
    """Whether the file is one that an operating system makes by itself."""
    return any(part.startswith("._") or part.lower() in _IGNORED for part in name.split("/")) or (
        name.rpartition("/")[2].startswith(".")
    )


def is_manifest(name: str) -> bool:
    return bool(_MANIFEST.search(name))


def is_archive(name: str) -> bool:
    return bool(_ARCHIVE.search(name))


def _refused(name: str, why: str) -> UsageError:
    return UsageError(
        f"the file name {quoted(name, 200)} {why}",
        code="file_name",
        hint="rename the file, and send it again",
    )
