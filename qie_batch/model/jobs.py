"""A job and its items on their way into the ledger, and in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.edits import EditSpec
    from qie_batch.model.states import ItemState, JobState, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an item or an attempt failed: a stable code and one sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    id: str
    #: What people call it; the manifest's file name unless given.
    name: str
    engine: str
    #: One sentence: why this engine and no other.
    engine_reason: str
    preset: str
    priority: Priority
    #: Object key of the manifest's bytes.
    manifest_key: str
    #: Header name for each column the user mapped by hand, so that the manifest reads the same later.
    mapping: Mapping[str, str] = field(default_factory=dict)
    instruction: str = ""
    #: Where relative picture paths of the manifest start: a folder or an s3:// prefix.
    folder: str = ""
    budget_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One row and variant on its way into the ledger: with a spec to edit, or why it cannot be edited."""

    #: Position in the job, from 0; a row with three variants takes three.
    ordinal: int
    line: int
    row_id: str
    #: From 0.
    variant: int
    priority: Priority
    spec: EditSpec | None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: str
    name: str
    state: JobState
    #: Why it is paused: "user" or "budget".
    pause_reason: str
    engine: str
    engine_reason: str
    preset: str
    priority: Priority
    manifest_key: str
    mapping: Mapping[str, str]
    instruction: str
    folder: str
    budget_micros: int | None
    created_at: float
    closed_at: float | None


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
    #: Device seconds and cost of the attempt that made it; known once it is in the ledger.
    seconds: float = 0.0
    cost_micros: int = 0


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
    #: Over all attempts of this item.
    seconds: float
    cost_micros: int
