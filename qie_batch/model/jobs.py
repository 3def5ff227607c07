"""Jobs, items and results: as entered into the ledger and as read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qie_batch.model.checks import NO_CHECKS, Checks, failed_gates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.checks import Finding
    from qie_batch.model.edits import EditSpec
    from qie_batch.model.orders import JobOrder
    from qie_batch.model.states import ItemState, JobState, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an item or an attempt failed: a stable code and one sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    id: str
    #: With the engine that was chosen, and with a preset where that engine has any.
    order: JobOrder
    #: One sentence: why this engine and no other.
    engine_reason: str
    #: Object key of the manifest's bytes.
    manifest_key: str
    #: Where relative image paths of the manifest start: a folder or an s3:// prefix.
    folder: str = ""
    #: The request that submits it, as the gateway's log names it; "" without one.
    request_id: str = ""
    #: The W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""
    #: The job of drafts whose approved items this one makes for good, "" for none.
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One row and variant to enter into the ledger, with a spec or with the reason why there is none."""

    #: Position in the job, from 0; a row with three variants takes three.
    ordinal: int
    line: int
    row_id: str
    #: From 0.
    variant: int
    priority: Priority
    #: Canonical JSON of the EditSpec, and its cache key; None where there is a failure.
    spec_text: str | None
    cache_key: str | None
    #: Items of a job that run with the same LoRAs have one number, from 0 in the order of the rows.
    lora_group: int = 0
    failure: Failure | None = None
    checks: Checks = NO_CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class OldJob:
    """A job that was closed long ago."""

    id: str
    name: str
    items: int
    spent_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: str
    order: JobOrder
    engine_reason: str
    manifest_key: str
    folder: str
    state: JobState
    #: "user" or "budget" for a paused job, else "".
    pause_reason: str
    created_at: float
    closed_at: float | None
    #: As in NewJob.
    request_id: str = ""
    #: The W3C trace context in which it was asked for; "" without one.
    traceparent: str = ""
    #: As in NewJob.
    parent: str = ""
    #: When the last decision was made that its tables may not have, None for none.
    reviewed_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished edit, found again by its cache key."""

    cache_key: str
    object_key: str
    #: Hex sha256 and length of the object's bytes.
    sha256: str
    size: int
    width: int
    height: int
    engine: str
    device: str
    #: Share of the pixels that differ visibly from the image to edit; None where the sizes differ.
    changed: float | None = None
    #: What a person should know of the edit, "" for nothing.
    note: str = ""
    #: What really ran, as the engine says it; empty if it does not.
    ran: Mapping[str, Any] = field(default_factory=dict)
    #: Of the gates that applied.
    findings: tuple[Finding, ...] = ()
    #: Device seconds and cost of the attempt that made the result; 0 before the ledger has the result.
    seconds: float = 0.0
    cost_micros: int = 0

    @property
    def is_failed(self) -> bool:
        """Whether a gate failed it."""
        return bool(failed_gates(self.findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    id: str
    job_id: str
    ordinal: int
    line: int
    row_id: str
    variant: int
    state: ItemState
    spec: EditSpec | None
    #: The number of the latest attempt, 0 before the first.
    attempt: int
    cached: bool
    failure: Failure | None
    result: Result | None
    #: Device seconds and cost over all attempts of this item.
    seconds: float
    cost_micros: int
    #: What a person decided of the result: "approved", "rejected", "" for nothing yet.
    review: str = ""
    #: Rises with each decision and each new result.
    version: int = 0
    #: How often the result was made again with another seed because a gate failed it.
    rerolls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSelection:
    """Which items of a job, in the manifest's order; without any condition, all."""

    #: Of this id.
    id: str = ""
    #: Behind this ordinal.
    after: int = -1
    states: frozenset[ItemState] = frozenset()
    #: Failed with this error code.
    code: str = ""
    row_id: str = ""
    #: Read from the ledger at a time.
    page: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSelection:
    """Which jobs, newest first."""

    limit: int = 20
    #: Older than this job, which need not be there any more.
    before: str = ""
    states: frozenset[JobState] = frozenset()
    #: Those alone that make the approved items of this job of drafts for good.
    parent: str = ""
