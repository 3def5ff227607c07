from __future__ import annotations

import pytest

from qie_batch.model import RETRY_POLICY, RetryPolicy

DRAWS = 200


@pytest.mark.parametrize("charged", [0, 1, 2, 7, 8, 9, 100])
def test_the_wait_doubles_with_each_error_up_to_the_longest_and_at_most_half_of_it_is_jitter(charged):
    full = min(RETRY_POLICY.max_delay_seconds, 2.0**charged)
    waits = {RETRY_POLICY.delay(charged) for _ in range(DRAWS)}
    assert full / 2 <= min(waits) <= max(waits) <= full
    assert len(waits) > DRAWS / 2, "workers that fail together come back together"


def test_no_wait_is_longer_than_the_policy_says():
    policy = RetryPolicy(max_delay_seconds=3.0)
    assert max(policy.delay(50) for _ in range(DRAWS)) <= 3.0


def test_the_failures_of_a_policy_say_its_own_limits():
    policy = RetryPolicy(max_crashes=5, max_preemptions=7)
    assert (policy.poisoned.code, policy.preempted.code) == ("poison", "preempted")
    assert "died 5 times" in policy.poisoned.reason
    assert "handed back 7 times" in policy.preempted.reason
