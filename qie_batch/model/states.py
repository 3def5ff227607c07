"""The states of items, jobs and runs, and the outcomes of attempts."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ItemState(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: There is a result, and a gate failed it or the job wants a person to look at each.
    NEEDS_REVIEW = "needs_review"
    #: A person rejected the result.
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Final until a person decides otherwise: by `retry` of a failed item, or in a review.
FINAL = frozenset(
    {
        ItemState.SUCCEEDED,
        ItemState.NEEDS_REVIEW,
        ItemState.REJECTED,
        ItemState.FAILED,
        ItemState.CANCELLED,
    }
)

#: Those of an item that has a result.
WITH_RESULT = (ItemState.SUCCEEDED, ItemState.NEEDS_REVIEW, ItemState.REJECTED)

#: All others than the final ones: an index finds these, where it would read all items for `not in FINAL`.
UNFINISHED = tuple(state for state in ItemState if state not in FINAL)


class JobState(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    #: Every item is final and results.csv, errors.csv and the report are in the store.
    CLOSED = "closed"


class Outcome(StrEnum):
    """How an attempt ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    #: A gate failed the result, and the item is tried again with the next seed.
    REROLLED = "rerolled"
    FAILED = "failed"
    #: A temporary error: the item is pending again, with a backoff.
    RETRIED = "retried"
    #: Released by a process that exits (SIGTERM).
    PREEMPTED = "preempted"
    #: The lease expired: the process ended or was frozen.
    LOST = "lost"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    #: A control process is submitting it.
    TAKEN = "taken"
    SUBMITTED = "submitted"
    #: The job of the previous run was not closed.
    SKIPPED = "skipped"
    #: The manifest was refused; the note says why.
    FAILED = "failed"


class Priority(IntEnum):
    #: Of a request that waits for its answer: queued apart from all others, and the first on the device.
    INTERACTIVE = -1
    HIGH = 0
    NORMAL = 1
    LOW = 2


#: What a manifest or an order may ask for.
BATCH_PRIORITIES = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
