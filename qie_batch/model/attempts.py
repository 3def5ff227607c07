"""What a worker claims, what an attempt uses, and what a message carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model.edits import EditSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the queue carries: the item id. Row id and job name are there for people who watch the queue."""

    item_id: str
    row_id: str
    job_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a worker's engine charges: micro-dollars for a device hour and for a returned image."""

    hour_micros: int = 0
    image_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an attempt used so far; neither figure ever goes down."""

    #: On the device.
    seconds: float = 0.0
    #: Images that the engine returned.
    images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who claims: one worker process and the device that its engine runs on."""

    name: str
    engine: str
    #: The device's own name, such as "NVIDIA H100 80GB HBM3" or "cpu".
    device: str
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The right to run one item. Only the holder of the item's latest number may write."""

    item_id: str
    number: int
    row_id: str
    spec: EditSpec
    rate: Rate
    #: Passing errors and crashes charged to the item so far.
    errors: int
    crashes: int
    #: An earlier attempt did not fit the device's memory: trade time for memory.
    low_memory: bool = False
