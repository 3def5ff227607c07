"""Decides by a pure function what an error means for the item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import DeviceOutOfMemory, EngineLost, Fenced, Preempted, QieError, Rejected
from qie_batch.model import RETRY_POLICY, Failure

if TYPE_CHECKING:
    from qie_batch.model import Attempt, Candidate, EditSpec, Result, RetryPolicy


@dataclass(frozen=True, slots=True)
class Succeeded:
    """There is a result, which a gate may have failed: the ledger says what that makes of the item."""

    result: Result
    #: The earlier result that the item gets in the place of this one.
    best: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Rerolled:
    """A gate failed the result: the item is edited again as the next spec says."""

    result: Result
    spec: EditSpec
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The item fails."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class RetryLater:
    failure: Failure
    #: Errors or crashes that were charged before this one, for the backoff.
    charged: int
    crash: bool = False


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The process exits: the item is pending again, uncharged."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """The attempt is fenced: only its usage is written."""


_GIVEN_UP = "given up after"
#: Of items whose workers ended.
_LOST = frozenset((RETRY_POLICY.poisoned.code, RETRY_POLICY.preempted.code))

Outcome = Succeeded | Rerolled | Failed | RetryLater | HandedBack | Superseded


def decide(error: QieError, attempt: Attempt, policy: RetryPolicy) -> Outcome:
    """Rejected fails the item, EngineLost charges a crash, any other but AttemptEnded an error."""
    failure = Failure(code=error.code, reason=_reason(error))
    match error:
        case Fenced():
            return Superseded()
        case Preempted():
            return HandedBack()
        case Rejected():
            return Failed(failure)
        case EngineLost():
            return _after_crash(failure, attempt, policy)
        case _:
            too_big = isinstance(error, DeviceOutOfMemory) and attempt.low_memory
            return _after_error(failure, attempt, policy, final=too_big)


def gave_up(failure: Failure) -> bool:
    """Whether the item failed although nothing was found wrong with what was asked for."""
    return failure.reason.startswith(_GIVEN_UP) or failure.code in _LOST


def _reason(error: QieError) -> str:
    """With what to do next: the row is all that its user sees."""
    return " ".join(error.sentences) if error.hint else error.message


def _after_crash(failure: Failure, attempt: Attempt, policy: RetryPolicy) -> Outcome:
    if attempt.crashes + 1 < policy.max_crashes:
        return RetryLater(failure, charged=attempt.crashes, crash=True)
    reason = f"{_GIVEN_UP} {policy.max_crashes} crashes: {failure.reason}"
    return Failed(Failure(code=policy.poisoned.code, reason=reason))


def _after_error(failure: Failure, attempt: Attempt, policy: RetryPolicy, *, final: bool) -> Outcome:
    if not final and attempt.errors + 1 < policy.max_errors:
        return RetryLater(failure, charged=attempt.errors)
    reason = f"{_GIVEN_UP} {attempt.errors + 1} tries: {failure.reason}"
    return Failed(Failure(code=failure.code, reason=reason))
