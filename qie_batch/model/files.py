"""Files that a tenant stores to name them in requests, and batches of edits made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    id: str
    owner: str
    #: As the client called it.
    name: str
    #: "batch", "vision" or "user_data".
    purpose: str
    object_key: str
    size: int
    #: By the ledger's clock, 0 before the ledger has the file.
    created_at: float = 0.0


class BatchState(StrEnum):
    #: The file is to be read by `control`, or is being read.
    VALIDATING = "validating"
    #: The file was refused.
    FAILED = "failed"
    #: Before the file was read.
    CANCELLED = "cancelled"
    #: The job is in the ledger, which knows the rest.
    ENTERED = "entered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFault:
    """One error in the file of a batch."""

    code: str
    message: str
    #: 1-based, None for the whole file.
    line: int | None = None
    #: The member of the line's object, "" for none.
    param: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    id: str
    owner: str
    file_id: str
    #: The job that the batch becomes, chosen when the batch is made.
    job_id: str
    state: BatchState = BatchState.VALIDATING
    #: The client's own.
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[BatchFault, ...] = ()
    created_at: float = 0.0
    #: When it was asked to be cancelled.
    cancelled_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """Lines of a batch; a line with several results is completed when all of them are there."""

    total: int = 0
    completed: int = 0
    #: Failed or cancelled.
    failed: int = 0
    #: Of `failed`, those that were cancelled.
    cancelled: int = 0

    @property
    def is_final(self) -> bool:
        return self.completed + self.failed == self.total
