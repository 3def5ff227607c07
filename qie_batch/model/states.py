"""The states an item and a job go through, and how an attempt ends."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ItemState(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: A final state stays final; only an explicit `retry` makes a failed item pending again.
FINAL = frozenset({ItemState.SUCCEEDED, ItemState.FAILED, ItemState.CANCELLED})


class JobState(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    #: Every item is final and results.csv, errors.csv and the report are in the store.
    CLOSED = "closed"


class Outcome(StrEnum):
    """How an attempt ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    #: A passing error: the item is pending again, not before its back-off is over.
    RETRIED = "retried"
    #: Handed back by a process that was told to leave.
    PREEMPTED = "preempted"
    #: Its lease ran out: the process died or froze.
    LOST = "lost"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    #: A control process is submitting it.
    TAKEN = "taken"
    SUBMITTED = "submitted"
    #: The run before was still going.
    SKIPPED = "skipped"
    #: The catalog was refused; the note says why.
    FAILED = "failed"


class Priority(IntEnum):
    HIGH = 0
    NORMAL = 1
    LOW = 2
