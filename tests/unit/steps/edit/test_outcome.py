"""What an error of an edit means for its item: the whole table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch.errors import (
    DeviceOutOfMemory,
    EngineLost,
    Fenced,
    LedgerUnavailable,
    Preempted,
    QueueUnavailable,
    Rejected,
    StoreUnavailable,
    Unavailable,
)
from qie_batch.model import Attempt, Failure, Priority, RetryPolicy
from qie_batch.steps.edit.outcome import Failed, HandedBack, RetryLater, Superseded, decide
from tests.support.ledgers import WORKER, spec

POLICY = RetryPolicy(max_errors=3, max_crashes=2)
ATTEMPT = Attempt(
    item_id="job.0",
    number=1,
    row_id="sku-0",
    spec=spec("red"),
    rate=WORKER.rate,
    priority=Priority.NORMAL,
    errors=0,
    crashes=0,
)
CHARGED = [(errors, crashes) for errors in range(4) for crashes in range(3)]
PASSING = [Unavailable, StoreUnavailable, QueueUnavailable, LedgerUnavailable, DeviceOutOfMemory]


def outcome(error, *, errors=0, crashes=0, low_memory=False):
    attempt = replace(ATTEMPT, errors=errors, crashes=crashes, low_memory=low_memory)
    return decide(error, attempt, POLICY)


@pytest.mark.parametrize("low_memory", [False, True])
@pytest.mark.parametrize(("errors", "crashes"), CHARGED)
@pytest.mark.parametrize(
    ("error", "decided"),
    [
        (
            Rejected("no such colour", code="not_understood"),
            Failed(Failure(code="not_understood", reason="no such colour")),
        ),
        (Fenced("it went on"), Superseded()),
        (Preempted("this process is leaving"), HandedBack()),
    ],
)
def test_a_wrong_row_and_an_ended_attempt_mean_the_same_whatever_was_charged(
    error, decided, errors, crashes, low_memory
):
    assert outcome(error, errors=errors, crashes=crashes, low_memory=low_memory) == decided


@pytest.mark.parametrize("low_memory", [False, True])
@pytest.mark.parametrize(("errors", "crashes"), CHARGED)
def test_a_lost_engine_is_tried_elsewhere_until_the_crashes_are_used_up(errors, crashes, low_memory):
    error = EngineLost("the device fell off the bus", code="hung")
    decided = outcome(error, errors=errors, crashes=crashes, low_memory=low_memory)
    if crashes + 1 < POLICY.max_crashes:
        assert decided == RetryLater(
            Failure(code="hung", reason="the device fell off the bus"), charged=crashes, crash=True
        )
    else:
        reason = "given up after 2 crashes: the device fell off the bus"
        assert decided == Failed(Failure(code="poison", reason=reason))


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("low_memory", [False, True])
@pytest.mark.parametrize(("errors", "crashes"), CHARGED)
def test_what_may_pass_is_tried_later_until_the_errors_are_used_up(kind, low_memory, errors, crashes):
    decided = outcome(kind("not now"), errors=errors, crashes=crashes, low_memory=low_memory)
    does_not_fit = kind is DeviceOutOfMemory and low_memory
    if errors + 1 < POLICY.max_errors and not does_not_fit:
        assert decided == RetryLater(Failure(code=kind.code, reason="not now"), charged=errors)
    else:
        reason = f"given up after {errors + 1} tries: not now"
        assert decided == Failed(Failure(code=kind.code, reason=reason))


def test_the_code_of_an_error_is_the_code_of_the_failure():
    decided = outcome(Unavailable("the job wants revision 2", code="engine_revision"))
    assert decided == RetryLater(
        Failure(code="engine_revision", reason="the job wants revision 2"), charged=0
    )


def test_the_reason_of_a_failure_says_what_to_do():
    error = Rejected("no product", code="product_not_found", hint="use a plain backdrop")
    assert outcome(error) == Failed(
        Failure(code="product_not_found", reason="no product. Use a plain backdrop.")
    )
