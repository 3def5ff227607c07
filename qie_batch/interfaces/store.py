from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BufferedIOBase
    from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    key: str
    size: int
    #: Seconds since 1970, by the store's clock.
    modified: float
    #: As given to `put_new`; `list` does not read it.
    metadata: Mapping[str, str] = field(default_factory=dict)


class ObjectReader(Protocol):
    """Bytes by key. Every method raises StoreUnavailable when the store does not answer.

    Raises Rejected (object_name) for a key that some server would store under another one.
    """

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        """The object's bytes; Rejected if there is none (object_missing), or more (object_too_large)."""

    def download(self, key: str, file: BinaryIO, *, max_bytes: int | None = None) -> None:
        """As `get`, written to `file` in parts: when it raises, a part may be written already."""


class ObjectStore(ObjectReader, Protocol):
    def put_new(
        self,
        key: str,
        data: bytes | BufferedIOBase,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Create the object, with a checksum for the server to verify; False if the key exists.

        A file is read from its start and never held in memory. `metadata` has names in lower case and any
        values, 1 KB in all.
        """

    def put(self, key: str, data: bytes | BufferedIOBase, content_type: str) -> None:
        """Create or replace; a file is read from its start. Never for inputs or results."""

    def stat(self, key: str) -> StoredObject | None: ...

    def list(self, prefix: str) -> Iterator[StoredObject]: ...

    def delete(self, key: str) -> None: ...

    def link(self, key: str, seconds: int, *, content_type: str, name: str) -> str:
        """An address at which anybody may download the object for so long, as a file of this name."""

    def address(self, key: str) -> str:
        """The object's address, s3://bucket/key."""
