"""What counts as growth in a soak."""

from __future__ import annotations

import random

import pytest

from tests.chaos.growth import Series

ITEMS = 15_000


def readings(start, per_item, noise):
    chance = random.Random(1)
    count = 500
    return [start + per_item * ITEMS * at / count + chance.uniform(-noise, noise) for at in range(count)]


@pytest.mark.parametrize(
    ("kilobytes", "grows"), [(0.0, False), (0.1, False), (1.0, True), (7.0, True)], ids=str
)
def test_a_process_that_keeps_a_kilobyte_of_each_item_grows(kilobytes, grows):
    series = Series(name="worker", unit="MB", values=readings(120.0, kilobytes / 1000, 5.0))
    assert series.grows == grows


@pytest.mark.parametrize(("jobs", "grows"), [(0, False), (50, True)])
def test_a_descriptor_of_each_job_that_stays_open_is_growth(jobs, grows):
    series = Series(name="control", unit="descriptors", values=readings(24.0, jobs / ITEMS, 2.0))
    assert series.grows == grows


def test_memory_that_is_given_back_or_taken_for_a_moment_is_no_growth():
    values = [120.0] * 50 + [600.0] * 5 + [120.0] * 45
    assert not Series(name="gateway", unit="MB", values=values).grows
    assert not Series(name="gateway", unit="MB", values=values[::-1]).grows
    assert not Series(name="gateway", unit="MB", values=[300.0] * 50 + [120.0] * 50).grows
