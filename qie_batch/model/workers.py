"""Who works, and on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWorker:
    """A worker process that has answered just now."""

    name: str
    engine: str
    device: str
    #: Since its engine was loaded.
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStart:
    """How a worker process came to be ready."""

    #: From the start of the process.
    seconds: float
    #: Seconds of each phase of it, in order.
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEdit:
    """An attempt that runs, as of its latest heartbeat."""

    worker: str
    engine: str
    device: str
    #: Empty where the job is another tenant's.
    job_id: str
    item_id: str
    row_id: str
    attempt: int
    #: The latest step that is done, 0 before the first; and of how many, None where the preset decides.
    step: int
    steps: int | None
    #: Since the claim, and of these on the device.
    seconds: float
    device_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    name: str
    engine: str
    device: str
    #: Whether the process answers; None if it could not be asked.
    answers: bool | None
    #: Since its engine was loaded; None for a process that does not answer.
    seconds: float | None
    edits: tuple[RunningEdit, ...]
    #: None if the ledger does not know it.
    start: WorkerStart | None = None
