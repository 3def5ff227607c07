from __future__ import annotations

import os

from qie_batch.processes.supervisor import Backoff, lock_device


def test_the_last_wait_holds_for_all_further_ends():
    backoff = Backoff(waits=(0.0, 1.0, 5.0))
    assert [backoff.wait(ends) for ends in range(5)] == [0.0, 1.0, 5.0, 5.0, 5.0]


def test_a_device_is_locked_until_every_process_that_inherited_the_lock_is_gone():
    device = f"test/{os.getpid()}"
    (first,) = lock_device(device)
    inherited = os.dup(first)
    os.close(first)
    assert lock_device(device) is None
    os.close(inherited)
    (second,) = lock_device(device)
    os.close(second)


def test_no_device_needs_no_lock():
    assert lock_device("") == []
