"""The nouns as frozen values, and the states an item goes through.

Units: seconds are floats, times are seconds since 1970 (UTC) by the ledger's clock, money is whole
micro-dollars (USD 1 = 1,000,000), so that sums are exact.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

#: Part of every cache key: raise it when the same inputs must give a new picture.
SCHEMA_VERSION = 1


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


class Priority(IntEnum):
    HIGH = 0
    NORMAL = 1
    LOW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named choice between quality and speed."""

    name: str
    steps: int
    cfg: float
    #: The Lightning LoRA this preset runs with, "" for none.
    lora: str = ""
    #: Expected seconds an edit on one 80 GB card at 1 MP, for estimates before there is history.
    seconds: float


#: Steps and CFG of `reference` are the model card's; `fast` and `draft` are the Lightning distillations.
#: Seconds: published 40-step H100 figures scaled by the number of transformer forwards.
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="reference", steps=40, cfg=4.0, seconds=25.6),
        Preset(name="balanced", steps=24, cfg=4.0, seconds=15.4),
        Preset(name="fast", steps=8, cfg=1.0, lora="lightning-8", seconds=2.8),
        Preset(name="draft", steps=4, cfg=1.0, lora="lightning-4", seconds=1.5),
    )
}


class OutputFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One line of a manifest, understood. `None` means: the job's or the preset's choice."""

    #: 1-based line (CSV, TSV: the header is line 1) at which the row starts.
    line: int
    id: str
    #: One to three pictures as the row names them: a path relative to the manifest, or s3://bucket/key.
    images: tuple[str, ...]
    instruction: str
    negative: str = " "
    preset: str | None = None
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    #: Width and height of the result in pixels; None keeps the picture's own.
    size: tuple[int, int] | None = None
    variants: int = 1
    priority: Priority | None = None
    output: OutputFormat | None = None
    #: The row as it was read: header name -> cell, in the file's order.
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """One line of a manifest, not understood; data, not an exception."""

    line: int
    #: The row's id, "" where it has none.
    id: str
    #: The header name of the cell at fault, "" where the whole line is.
    column: str
    code: str
    #: One sentence: what is wrong and what to do.
    reason: str
    cells: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f"line {self.line}"
        if self.column:
            where += f", column {self.column!r}"
        if self.id:
            where += f", id {self.id!r}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSpec:
    """Everything that decides the pixels of a result: what the cache key is made of."""

    #: sha256 (hex) of each input picture, in the row's order.
    inputs: tuple[str, ...]
    instruction: str
    negative: str
    #: Pixels of the result; None keeps the first picture's own.
    width: int | None
    height: int | None
    #: None where the engine has no such notion (classic).
    steps: int | None
    cfg: float | None
    seed: int | None
    preset: str
    engine: str
    revision: str
    lora: str
    output: OutputFormat

    @property
    def cache_key(self) -> str:
        """Hex sha256 of the canonical JSON of all fields and the schema version."""
        fields = {"schema": SCHEMA_VERSION, **asdict(self)}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a message carries: the item id. Row id and job name ride along for people who watch the queue."""

    item_id: str
    row_id: str
    job_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who claims: one worker process and the device its engine runs on."""

    name: str
    engine: str
    #: The device's own name, such as "NVIDIA H100 80GB HBM3" or "cpu".
    device: str
    #: Price of one hour of that device.
    hour_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The right to run one item. Only the holder of the item's latest number may write."""

    item_id: str
    number: int
    row_id: str
    spec: EditSpec
    #: Price of one hour of the device it runs on.
    hour_micros: int
    #: Passing errors and crashes charged to the item so far.
    errors: int
    crashes: int
    #: An earlier attempt did not fit the device's memory: take the smaller plan.
    low_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """What an engine is asked for. All pictures are RGB, upright and opaque."""

    #: The picture to edit first, then up to two references.
    images: tuple[Image.Image, ...]
    instruction: str
    negative: str
    #: Pixels the engine is to paint; one of its own buckets where it has any.
    width: int
    height: int
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    preset: str = ""
    #: Trade time for memory where the engine can.
    low_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    #: RGB, of the request's width and height.
    image: Image.Image


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What edits of one engine and preset took so far; zeros where there were none."""

    edits: int
    #: Mean device seconds, mean cost and the dearest single attempt.
    seconds: float
    cost_micros: int
    dearest_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A job's money, for its budget."""

    spent_micros: int
    #: Items queued or running, whose cost is still to come.
    in_flight: int
    dearest_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is, summed from its items and attempts: never a counter that could drift."""

    job: Job
    #: Items in each state; every state is there.
    counts: Mapping[ItemState, int]
    cached: int
    #: Failed items by error code.
    failures: Mapping[str, int]
    attempts: int
    seconds: float
    spent_micros: int
    #: What the cached items cost when they were first made.
    saved_micros: int
    #: Spent on attempts that did not succeed.
    lost_micros: int
    #: Items that became final in the last minute.
    last_minute: int
    now: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return sum(self.counts[state] for state in FINAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of `qie-batch cost`: money by day, by sku or by engine."""

    key: str
    items: int
    seconds: float
    spent_micros: int
    saved_micros: int
    lost_micros: int


class SlotState(StrEnum):
    #: A control process is submitting it.
    TAKEN = "taken"
    SUBMITTED = "submitted"
    #: The run before was still going.
    SKIPPED = "skipped"
    #: The catalog was refused; the note says why.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    name: str
    #: Five fields, read in `timezone`.
    cron: str
    timezone: str
    #: A path or s3:// address, read anew at every run.
    catalog: str
    #: Options of `submit`, by name.
    options: Mapping[str, str] = field(default_factory=dict)
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One due time of a schedule; there is at most one row for it, whoever sees it first."""

    schedule: str
    #: Seconds since 1970.
    due_at: float
    state: SlotState
    job_id: str
    note: str
