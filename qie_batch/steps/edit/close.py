"""Writes the outcome of an attempt to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from qie_batch.model import GATE_FAILED, Ending, Stage, failed_gates
from qie_batch.steps.edit.events import EventStream
from qie_batch.steps.edit.outcome import (
    Failed,
    HandedBack,
    Rerolled,
    RetryLater,
    Succeeded,
    Superseded,
    decide,
)

if TYPE_CHECKING:
    from qie_batch.errors import EngineLost
    from qie_batch.model import Result
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.leases import HeldLease
    from qie_batch.steps.edit.outcome import Outcome


def close(outcome: Outcome, lease: HeldLease, events: EventStream, context: EditContext) -> None:
    """Write the outcome, retrying during an outage of the ledger; a fenced attempt writes its usage only."""
    events.count_phase()
    if isinstance(outcome, Superseded):
        context.attempts.account(lease.attempt, lease.usage)
        held = False
    else:
        held = context.leases.retry_write(lambda: _write(outcome, lease, context))
    ending, code, words = _described(outcome)
    events.end(Stage.CLOSED if held else Stage.FENCED, ending, code=code, outcome=words)


def charge_crash(lease: HeldLease, error: EngineLost, context: EditContext) -> None:
    """Close the attempt of an edit that ends its process: the item is retried elsewhere or fails."""
    outcome = decide(error, lease.attempt, context.policy)
    close(outcome, lease, EventStream(lease, context.observe), context)


def _write(
    outcome: Succeeded | Rerolled | Failed | RetryLater | HandedBack, lease: HeldLease, context: EditContext
) -> bool:
    attempt, usage = lease.attempt, lease.usage
    match outcome:
        case Succeeded(result, best):
            return context.attempts.succeed(attempt, result, usage, best)
        case Rerolled(result, spec, candidates):
            return context.attempts.reroll(attempt, result, usage, spec, candidates)
        case Failed(failure):
            return context.attempts.fail(attempt, failure, usage)
        case RetryLater(failure, charged, crash):
            delay = context.policy.delay(charged)
            return context.attempts.retry_later(attempt, failure, usage, delay, crash=crash)
        case HandedBack():
            return context.attempts.release(attempt, usage)
        case _:
            assert_never(outcome)


def _described(outcome: Outcome) -> tuple[Ending, str, str]:
    """How the attempt ended, the code of its error, and both in words."""
    match outcome:
        case Succeeded(result) | Rerolled(result):
            return _judged(result, again=isinstance(outcome, Rerolled))
        case Failed(failure):
            return Ending.FAILED, failure.code, f"failed: {failure.code}"
        case RetryLater(failure, _, crash):
            if crash:
                return Ending.CRASHED, failure.code, f"crashed: {failure.reason}"
            return Ending.RETRIED, failure.code, f"did not succeed: {failure.reason}"
        case HandedBack():
            return Ending.HANDED_BACK, "", "handed back"
        case Superseded():
            return Ending.STOPPED, "", "stopped"
        case _:
            assert_never(outcome)


def _judged(result: Result, *, again: bool) -> tuple[Ending, str, str]:
    gates = ", ".join(failed_gates(result.findings))
    if again:
        return Ending.REROLLED, GATE_FAILED, f"made again with another seed: {gates}"
    return Ending.SUCCEEDED, "", f"to be looked at: {gates}" if gates else "succeeded"
