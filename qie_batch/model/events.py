"""What the edit step tells its observers: one frozen event a stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.model.attempts import Attempt, Usage


class Stage(StrEnum):
    CLAIMED = "claimed"
    #: Inputs are read and decoded.
    FETCHED = "fetched"
    #: One step of the engine is done.
    STEPPED = "stepped"
    #: The engine returned an image.
    PAINTED = "painted"
    #: The result is encoded and in the store, or an earlier attempt's result was found there.
    STORED = "stored"
    #: The ledger took the outcome.
    CLOSED = "closed"
    #: The ledger refused the outcome: the item went on without this attempt.
    FENCED = "fenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEvent:
    stage: Stage
    attempt: Attempt
    usage: Usage
    #: Since the event before, by the monotonic clock.
    seconds: float
    #: Of the engine, from 1; 0 outside of painting.
    step: int = 0
    #: With CLOSED and FENCED: how the attempt ended, such as "succeeded" or "failed: image_missing".
    outcome: str = ""
