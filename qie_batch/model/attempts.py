"""What a worker claims, and what a message carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model.edits import EditSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
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
