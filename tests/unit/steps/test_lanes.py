"""Several threads work on things of several lanes; a lane that stands still stops no other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from qie_batch.steps.submit.lanes import Lanes

SECONDS = 10.0


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as pool:
        yield pool


def test_every_other_lane_is_done_while_one_stands_still(pool):
    go_on = threading.Event()

    def work(thing):
        lane, number = thing
        return go_on.wait(SECONDS) if lane == "slow" else number

    things = [(lane, number) for number in range(100) for lane in ("slow", "a", "b")]
    done = []
    for thing, _ in Lanes(pool, work, lambda thing: (thing[0], 4)).run(things):
        done.append(thing)
        if len(done) == 200:
            assert "slow" not in {lane for lane, _ in done}
            go_on.set()
    assert sorted(done) == sorted(things)


def test_of_a_lane_no_more_than_its_width_are_worked_on(pool):
    lock, together = threading.Barrier(3, timeout=SECONDS), []

    def work(_):
        together.append(lock.n_waiting)
        lock.wait()

    assert len(list(Lanes(pool, work, lambda _: ("", 3)).run(range(30)))) == 30
    assert max(together) < 3


def test_what_the_work_raises_ends_the_run(pool):
    def work(number):
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        list(Lanes(pool, work, lambda _: ("", 1)).run([1, 0, 1]))


def test_nothing_to_do_is_done_at_once(pool):
    assert list(Lanes(pool, str, lambda _: ("", 1)).run([])) == []
