"""The four things that qie-batch stands on. Each implementation passes the suite in tests/contract/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from io import BufferedIOBase
    from typing import Literal

    from qie_batch.model import (
        Attempt,
        CostLine,
        EditRequest,
        EditResult,
        EditSpec,
        Failure,
        History,
        Item,
        Job,
        Message,
        NewItem,
        NewJob,
        Progress,
        Result,
        RunState,
        Schedule,
        ScheduledRun,
        Spending,
        Worker,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    key: str
    size: int
    #: Seconds since 1970, by the store's clock.
    modified: float


class ObjectStore(Protocol):
    """Bytes by key. Every method raises StoreUnavailable when the store does not answer.

    Rejected (object_name) is a key that some server would keep under another name.
    """

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        """Create the object, checksummed on the way; False, and nothing written, if the key is taken."""

    def put(self, key: str, data: bytes | BufferedIOBase, content_type: str) -> None:
        """Create or replace, from its start if it is a file: for reports, never for inputs or results."""

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        """The object's bytes; Rejected if there is none (object_missing), or more (object_too_large)."""

    def stat(self, key: str) -> StoredObject | None: ...

    def list(self, prefix: str) -> Iterator[StoredObject]: ...

    def delete(self, key: str) -> None: ...

    def address(self, key: str) -> str:
        """The object's own address, s3://bucket/key."""


class Ledger(Protocol):
    """The truth about jobs, items, attempts and money; also the queue of record.

    Each method is one transaction and raises LedgerUnavailable. Those of an attempt give False, and change
    nothing but its seconds, once the item went on without it.
    """

    # what comes in
    def add_job(self, job: NewJob, new_items: Iterable[NewItem]) -> bool: ...
    def has_result(self, cache_keys: Iterable[str]) -> set[str]: ...

    # what goes to the queue
    def engines_waiting(self) -> list[str]: ...
    def engines_queued(self) -> list[str]: ...
    def budgeted_jobs(self) -> list[Job]: ...
    def spending(self, job_id: str) -> Spending: ...
    def enqueue(self, engine: str, window: int, allowance: Mapping[str, int]) -> list[Message]: ...
    def published(self, item_ids: Sequence[str]) -> None: ...
    def unclaimed(self, engine: str, older_than: float) -> list[Message]: ...
    def remember_epoch(self, epoch: str) -> bool: ...

    # an attempt
    def claim(self, item_id: str, worker: Worker, lease_seconds: float) -> Attempt | None: ...
    def renew(self, attempt: Attempt, lease_seconds: float, step: int, seconds: float) -> bool: ...
    def succeed(self, attempt: Attempt, result: Result, seconds: float) -> bool: ...
    def fail(self, attempt: Attempt, failure: Failure, seconds: float) -> bool: ...
    def retry_later(
        self, attempt: Attempt, failure: Failure, seconds: float, delay: float, *, crash: bool = False
    ) -> bool: ...
    def release(self, attempt: Attempt, seconds: float) -> bool: ...
    def account(self, attempt: Attempt, seconds: float) -> None: ...
    def release_worker(self, worker_name: str, *, killed: bool = False) -> int: ...
    def expire_leases(self, max_crashes: int, poison: Failure) -> int: ...

    # what people see and do
    def job(self, job_id: str) -> Job: ...
    def jobs(self, limit: int = 20) -> list[Job]: ...
    def items(self, job_id: str) -> Iterator[Item]: ...
    def progress(self, job_id: str) -> Progress: ...
    def costs(self, job_id: str | None, by: Literal["day", "sku", "engine"]) -> list[CostLine]: ...
    def history(self, engine: str, preset: str) -> History: ...
    def pause(self, job_id: str, reason: str) -> bool: ...
    def resume(self, job_id: str, budget_micros: int | None = None) -> bool: ...
    def cancel(self, job_id: str) -> int: ...
    def retry(self, job_id: str, code: str | None = None) -> int: ...
    def settleable(self) -> list[Job]: ...
    def close(self, job_id: str, as_of: float) -> bool: ...

    # schedules
    def now(self) -> float: ...
    def add_schedule(self, schedule: Schedule) -> None: ...
    def schedules(self) -> list[Schedule]: ...
    def remove_schedule(self, name: str) -> bool: ...
    def latest_runs(self, name: str, limit: int = 1) -> list[ScheduledRun]: ...
    def take_run(self, name: str, due_at: float, lease_seconds: float) -> bool: ...
    def reopen_run(self, name: str, due_at: float, lease_seconds: float) -> None: ...
    def end_run(
        self, name: str, due_at: float, state: RunState, *, job_id: str = "", note: str = ""
    ) -> None: ...

    # what fsck asks and mends
    def all_results(self) -> Iterator[Result]: ...
    def result(self, cache_key: str) -> Result | None: ...
    def is_wanted(self, cache_key: str) -> bool: ...
    def forget_result(self, cache_key: str) -> list[str]: ...
    def unfinished_specs(self) -> Iterator[tuple[str, EditSpec]]: ...
    def contradictions(self) -> Iterator[str]: ...


class WorkQueue(Protocol):
    """Carries messages to workers, perhaps twice, perhaps never. Raises QueueUnavailable."""

    def publish(self, engine: str, messages: Sequence[Message]) -> None:
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
