from __future__ import annotations

import pytest

from qie_batch.steps.repeats import OTHER_SECONDS, SAME_SECONDS, Repeats
from tests.support.ledgers import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def repeats(clock):
    return Repeats(clock)


def test_a_state_that_lasts_is_said_once_an_hour(repeats, clock):
    said = 0
    for _ in range(10_800):
        said += repeats.is_new("nightly", "is broken")
        clock.turn(0.5)
    assert said == 2
    assert SAME_SECONDS == 3600


def test_each_subject_has_its_own_sentence(repeats):
    assert repeats.is_new("a", "is broken")
    assert repeats.is_new("b", "is broken")
    assert not repeats.is_new("a", "is broken")


def test_a_state_that_returns_after_its_end_is_new_but_never_twice_a_minute(repeats, clock):
    said = 0
    for _ in range(240):
        said += repeats.is_new("ledger", "is away")
        repeats.end("ledger")
        clock.turn(0.5)
    assert said == 120 / OTHER_SECONDS


def test_a_sentence_that_changes_at_each_look_is_said_once_a_minute(repeats, clock):
    said = 0
    for look in range(240):
        said += repeats.is_new("store", f"try {look} failed")
        clock.turn(0.5)
    assert said == 120 / OTHER_SECONDS


def test_the_end_of_what_was_never_said_is_nothing(repeats):
    repeats.end("a")
    assert repeats.is_new("a", "is broken")
