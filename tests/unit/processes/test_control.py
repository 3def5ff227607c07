from __future__ import annotations

import threading
import time

import pytest

from qie_batch.errors import LedgerUnavailable, QueueUnavailable
from qie_batch.processes.control import LedgerOutage, NewJobs, Pause, run_rounds


def rounds(*steps, outage=None, stop=None):
    outage, stop = outage or LedgerOutage(30.0), stop or threading.Event()
    run_rounds(steps, stop=stop, outage=outage, pause=Pause(stop, 0.0))
    assert stop.is_set()
    return outage


def failing(error):
    def step():
        raise error

    return step


class Last:
    """A step that ends the rounds when it has run so many times."""

    def __init__(self, stop, times=1):
        self.stop, self.left = stop, times

    def __call__(self):
        self.left -= 1
        if not self.left:
            self.stop.set()
        return 0


def test_a_ledger_that_never_failed_has_no_outage():
    assert LedgerOutage(30.0).is_over


def test_an_outage_is_over_one_lease_after_the_last_failure():
    outage = LedgerOutage(0.1)
    began = time.monotonic()
    outage.record()
    assert not outage.is_over
    while not outage.is_over:
        assert time.monotonic() < began + 10
    assert time.monotonic() - began > 0.1


@pytest.mark.parametrize("error", [LedgerUnavailable("away"), QueueUnavailable("away"), ValueError("a bug")])
def test_a_step_that_fails_holds_up_no_other(error):
    stop = threading.Event()
    rounds(failing(error), Last(stop), stop=stop)


def test_a_step_that_failed_is_tried_again_in_the_next_round():
    stop, calls = threading.Event(), []

    def step():
        calls.append("")
        raise QueueUnavailable("away")

    rounds(step, Last(stop, times=3), stop=stop)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("error", "over"), [(LedgerUnavailable("away"), False), (QueueUnavailable("away"), True)]
)
def test_only_a_ledger_that_is_away_begins_an_outage(error, over):
    stop = threading.Event()
    assert rounds(failing(error), Last(stop), stop=stop).is_over is over


def test_a_loop_that_ends_by_an_interrupt_ends_the_other_too():
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        rounds(failing(KeyboardInterrupt()), stop=stop)
    assert stop.is_set()


@pytest.mark.parametrize("error", [LedgerUnavailable("away"), QueueUnavailable("away"), ValueError("a bug")])
def test_a_step_that_fails_in_every_round_is_logged_once(error, caplog):
    stop = threading.Event()
    rounds(failing(error), Last(stop, times=50), stop=stop)
    assert len(caplog.records) == 1


def test_each_step_that_fails_is_logged(caplog):
    stop = threading.Event()
    rounds(
        failing(QueueUnavailable("away")), failing(QueueUnavailable("away")), Last(stop, times=3), stop=stop
    )
    assert len(caplog.records) == 2


class Jobs:
    """Tells when the newest job was added, as long as it knows."""

    def __init__(self, *times):
        self.times = list(times)

    def newest_job(self):
        if not self.times:
            raise LedgerUnavailable("away")
        return self.times.pop(0)


def test_a_pause_ends_with_a_new_job():
    began = time.monotonic()
    Pause(threading.Event(), 60.0, NewJobs(Jobs(0.0, 0.0, 7.0))).wait()
    assert time.monotonic() - began < 30


def test_a_job_is_new_once_and_none_is_while_the_ledger_is_away():
    is_new = NewJobs(Jobs(5.0, 5.0, 6.0))
    assert [is_new() for _ in range(4)] == [True, False, True, False]


def test_a_pause_ends_with_its_seconds_or_the_process():
    stop = threading.Event()
    Pause(stop, 0.1, lambda: False).wait()
    stop.set()
    Pause(stop, 60.0, lambda: False).wait()
