from __future__ import annotations

import pytest

from tests.support.jobs import progress
from tests.support.ledgers import START


@pytest.mark.parametrize(
    ("counts", "last_minute", "age", "seconds"),
    [
        ({"pending": 10, "succeeded": 20}, 20, 600, 30.0),
        ({"pending": 10, "succeeded": 20}, 20, 30, 15.0),
        ({"pending": 10, "succeeded": 20}, 20, 0, 0.5),
        ({"pending": 10, "succeeded": 20}, 0, 600, None),
        ({"failed": 1, "cancelled": 1, "succeeded": 1}, 0, 600, 0.0),
    ],
)
def test_the_time_left_follows_the_rate_of_the_last_minute(counts, last_minute, age, seconds):
    assert progress(counts, last_minute=last_minute, now=START + age).remaining_seconds == seconds
