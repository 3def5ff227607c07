"""The events of the edit step for its observers: one for each stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model.attempts import Attempt, Usage


class Stage(StrEnum):
    CLAIMED = "claimed"
    #: An earlier attempt put the result, which is adopted: nothing is edited.
    ADOPTED = "adopted"
    #: The bytes of the inputs are read.
    FETCHED = "fetched"
    #: The inputs are decoded.
    DECODED = "decoded"
    #: The attempt holds the device.
    ENTERED = "entered"
    #: One step of the engine is done.
    STEPPED = "stepped"
    #: The engine returned an image.
    PAINTED = "painted"
    #: The image is composed and checked.
    CHECKED = "checked"
    #: The image is in its file format.
    ENCODED = "encoded"
    #: This attempt put the result into the store, or another one did so first.
    STORED = "stored"
    #: The ledger accepted the outcome.
    CLOSED = "closed"
    #: The ledger refused the outcome, because the attempt is fenced.
    FENCED = "fenced"


#: The phase of an attempt that begins with each stage and lasts until the next one; STEPPED begins none.
PHASES: Mapping[Stage, str] = {
    Stage.CLAIMED: "fetch",
    Stage.FETCHED: "decode",
    Stage.DECODED: "wait",
    Stage.ENTERED: "paint",
    Stage.PAINTED: "check",
    Stage.CHECKED: "encode",
    Stage.ENCODED: "put",
    Stage.STORED: "close",
    Stage.ADOPTED: "close",
}


class Ending(StrEnum):
    """How an attempt ended, for counting."""

    SUCCEEDED = "succeeded"
    #: The item fails.
    FAILED = "failed"
    #: A gate failed the result; the item is tried again with the next seed, and nothing is charged.
    REROLLED = "rerolled"
    #: The item is tried again, and an error is charged.
    RETRIED = "retried"
    #: The item is tried again, and a crash is charged.
    CRASHED = "crashed"
    #: The process exits; nothing is charged.
    HANDED_BACK = "handed_back"
    #: The item was cancelled, or another attempt has it.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEvent:
    stage: Stage
    attempt: Attempt
    usage: Usage
    #: Seconds since the previous event, by the monotonic clock.
    seconds: float
    #: The engine's step, from 1; 0 outside of painting.
    step: int = 0
    #: With CHECKED: the names of the gates that failed the image, and "unchanged".
    findings: tuple[str, ...] = ()
    #: With CLOSED and FENCED.
    ending: Ending | None = None
    #: With CLOSED and FENCED: the code of the error, "" for none.
    code: str = ""
    #: With CLOSED and FENCED: in words, such as "succeeded" or "failed: image_missing".
    outcome: str = ""
