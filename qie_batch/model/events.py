"""The events of the edit step for its observers: one for each stage."""

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
    #: The result is in the store: put by this attempt, or adopted from an earlier one.
    STORED = "stored"
    #: The ledger accepted the outcome.
    CLOSED = "closed"
    #: The ledger refused the outcome, because the attempt is fenced.
    FENCED = "fenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEvent:
    stage: Stage
    attempt: Attempt
    usage: Usage
    #: Seconds since the previous event, by the monotonic clock.
    seconds: float
    #: The engine's step, from 1; 0 outside of painting.
    step: int = 0
    #: With CLOSED and FENCED: how the attempt ended, such as "succeeded" or "failed: image_missing".
    outcome: str = ""
