"""The four things qie-batch stands on. Every implementation passes the suite in tests/contract/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qie_batch.model import EditRequest, EditResult, Hint


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    key: str
    size: int
    #: Seconds since 1970, by the store's clock.
    modified: float


class ObjectStore(Protocol):
    """Bytes by key. Every method raises StoreUnavailable when the store does not answer."""

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        """Create the object, checksummed on the way; False, and nothing written, if the key is taken."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Create or replace: for reports, never for inputs or results."""

    def get(self, key: str) -> bytes:
        """The object's bytes; Rejected (object_missing) if there is none."""

    def stat(self, key: str) -> StoredObject | None: ...

    def list(self, prefix: str) -> Iterator[StoredObject]: ...

    def delete(self, key: str) -> None: ...


class WorkQueue(Protocol):
    """Carries hints to workers, perhaps twice, perhaps never. Raises QueueUnavailable."""

    def publish(self, engine: str, hints: Sequence[Hint]) -> None:
        """One message a hint; on an error any part of them may have been sent."""

    def depth(self, engine: str) -> int:
        """Messages that wait and that no worker holds."""

    def epoch(self) -> str:
        """A name for the broker's memory: another one means that it was wiped, replaced or restored."""


class Engine(Protocol):
    """Loaded and warm. One edit at a time; the caller sees to that."""

    name: str
    #: Changes whenever the same request may give other pixels.
    revision: str
    #: The device's own name, the key to its price.
    device: str
    #: The sizes (width, height) it paints; empty if it edits a picture of any size in place.
    buckets: tuple[tuple[int, int], ...]

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """Call `on_step` (from 1) after each step; what it raises ends the edit and comes out unchanged.

        Raises Rejected (the row is wrong), DeviceOutOfMemory or EngineLost (this process is).
        """
