from __future__ import annotations

import threading
import time

import pytest

from qie_batch.errors import Rejected
from qie_batch.web.politeness import FAILURES, PER_HOST, Turns


@pytest.fixture
def turns():
    turns = Turns()
    yield turns
    turns.close()


def test_a_host_gets_a_few_requests_at_a_time_and_others_do_not_wait_for_it(turns):
    entered, leave = threading.Semaphore(0), threading.Event()

    def ask():
        with turns.turn("a"):
            entered.release()
            leave.wait(10)

    threads = [threading.Thread(target=ask) for _ in range(PER_HOST + 1)]
    for thread in threads:
        thread.start()
    assert all(entered.acquire(timeout=10) for _ in range(PER_HOST))
    assert not entered.acquire(timeout=0.05)
    with turns.turn("b"):
        leave.set()
    assert entered.acquire(timeout=10)
    for thread in threads:
        thread.join()


def test_a_pause_holds_the_host_and_ends(turns):
    turns.pause("a", 0.1)
    turns.pause("a", 0.0)
    began = time.monotonic()
    with turns.turn("b"):
        pass
    with turns.turn("a"):
        assert time.monotonic() - began > 0.09


def test_who_waits_is_told_when_all_is_over(turns):
    turns.pause("a", 60)
    threading.Timer(0.05, turns.close).start()
    with pytest.raises(Rejected, match="was ended"), turns.turn("a"):
        pass


def test_a_host_that_only_fails_is_not_asked_for_ever(turns):
    for _ in range(FAILURES - 1):
        turns.failed("a")
    turns.answered("a")
    turns.failed("a")
    with turns.turn("a"):
        pass
    for _ in range(FAILURES):
        turns.failed("a")
    with pytest.raises(Rejected, match="failed 12 times in a row") as refused, turns.turn("a"):
        pass
    assert refused.value.code == "image_fetch_failed"
