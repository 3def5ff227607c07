"""Reads that are counted before they come."""

from __future__ import annotations

import pytest

from qie_batch.gateway.access import ahead
from qie_batch.gateway.access.ahead import CountedAhead

KEY = ("reads", "acme", "maria")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr(ahead.time, "monotonic", lambda: Clock.now)
    return Clock


def steps(counted, number):
    """How many are counted at a time while each step is used up."""
    found = []
    for _ in range(number):
        found.append(counted.due(KEY))
        counted.add(KEY, found[-1] - 1)
        while counted.take(KEY):
            pass
    return found


def test_a_busy_subject_is_counted_in_growing_steps():
    assert steps(CountedAhead(6000), 7) == [1, 2, 4, 8, 16, 16, 16]


def test_a_step_gives_as_many_reads_as_were_counted():
    counted = CountedAhead(6000)
    steps(counted, 4)
    number = counted.due(KEY)
    counted.add(KEY, number - 1)
    assert [counted.take(KEY) for _ in range(number)] == [True] * (number - 1) + [False]


def test_a_small_rate_is_counted_one_by_one():
    assert steps(CountedAhead(19), 4) == [1, 1, 1, 1]
    assert steps(CountedAhead(50), 4) == [1, 2, 4, 5]


def test_what_was_counted_is_not_used_after_a_second(clock):
    counted = CountedAhead(6000)
    steps(counted, 3)
    counted.add(KEY, 5)
    clock.now += ahead.SECONDS
    assert not counted.take(KEY)
    assert counted.due(KEY) == 1
    assert not counted.take(KEY)


def test_subjects_do_not_share():
    counted = CountedAhead(6000)
    counted.due(KEY)
    counted.add(KEY, 3)
    assert not counted.take(("reads", "acme", "other"))
