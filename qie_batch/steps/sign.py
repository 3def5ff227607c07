"""Signs images that are about to be handed over: exported or collected ones, in a folder.

Not in the edit step: results are created once under their cache key and shared by jobs and tenants, and an
export encodes them anew, which ends a signature. So the key stays with who publishes, and off the workers.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound, Rejected, UsageError
from qie_batch.images.credentials import is_signed
from qie_batch.images.kinds import recognise
from qie_batch.images.provenance import SOURCE_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qie_batch.images.credentials import Credentials
    from qie_batch.images.provenance import Value

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFile:
    path: Path
    #: SIGNED, or why it was left as it is.
    outcome: str


def sign_folder(
    folder: Path, credentials: Credentials, fields_of: Callable[[bytes], dict[str, Value]]
) -> Iterator[SignedFile]:
    """Sign each PNG, JPEG and WebP file in the folder and below, in place. Misconfigured, UsageError."""
    if not folder.is_dir():
        raise NotFound(f"there is no folder {str(folder)!r}")
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            try:
                yield SignedFile(path=path, outcome=_signed(path, credentials, fields_of))
            except OSError as error:
                raise UsageError(f"{path} cannot be signed: {error.strerror}") from error


def _signed(path: Path, credentials: Credentials, fields_of: Callable[[bytes], dict[str, Value]]) -> str:
    data = path.read_bytes()
    try:
        recognise(data)
    except Rejected as error:
        return error.message
    if is_signed(data):
        return "signed before"
    fields = fields_of(data)
    if SOURCE_TYPE not in fields:
        return (
            "says nothing of its origin: results are signed, and exports of them, unless they were stripped"
        )
    _replace(path, credentials.sign(data, fields))
    return SIGNED


def _replace(path: Path, data: bytes) -> None:
    """All of it, or the file as it was."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
