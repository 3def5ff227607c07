"""An interactive edit goes before all others; no edit waits for one that does not come."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from qie_batch.errors import Preempted
from qie_batch.steps.edit import device as module
from qie_batch.steps.edit.device import Device

SECONDS = 10.0


class Race:
    """Edits that enter a device in threads; `order` is who entered."""

    def __init__(self, places: int = 1) -> None:
        self.device = Device(places)
        self.order: list[str] = []
        self.may_leave: dict[str, threading.Event] = {}
        #: Set when the edit looks whether it should wait on.
        self.waits: dict[str, threading.Event] = {}
        self._entered = threading.Condition()
        self._pool = ThreadPoolExecutor(8)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for leave in self.may_leave.values():
            leave.set()
        self._pool.shutdown()

    def enter(self, name: str, *, interactive: bool = False):
        """Returns when the edit is inside or waits."""
        self.waits[name] = waits = threading.Event()
        self.may_leave[name] = threading.Event()
        future = self._pool.submit(self._edit, name, interactive, waits)
        until(lambda: waits.is_set() or name in self.order)
        return future

    def _edit(self, name, interactive, waits):
        with self.device.hold(name, interactive=interactive, check=waits.set):
            with self._entered:
                self.order.append(name)
            assert self.may_leave[name].wait(SECONDS)

    def assert_waits(self, name: str) -> None:
        """It looks again and is not let in."""
        self.waits[name].clear()
        until(lambda: self.waits[name].is_set() or name in self.order)
        assert name not in self.order

    def leave(self, name: str, *, next_ones: int = 1) -> list[str]:
        """The edit ends; who entered for it."""
        before = len(self.order)
        self.may_leave[name].set()
        until(lambda: len(self.order) >= before + next_ones)
        return self.order[before:]


def until(true) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def short_polls(monkeypatch):
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)


def test_an_interactive_edit_goes_before_those_that_waited_longer():
    with Race() as race:
        for name in "abcdef":
            race.enter(name)
        race.enter("asked", interactive=True)
        race.enter("asked too", interactive=True)
        first, second = race.leave("a") + race.leave(race.order[-1])
        assert {first, second} == {"asked", "asked too"}
        assert race.leave(second)[0] in "bcdef"


def test_it_waits_for_the_edit_on_the_device():
    with Race() as race:
        race.enter("a")
        race.enter("asked", interactive=True)
        assert race.order == ["a"]


def test_a_place_is_kept_for_each_interactive_edit_and_no_more():
    with Race(places=3) as race:
        for name in "abc":
            race.enter(name)
        race.enter("d")
        race.enter("asked", interactive=True)
        race.enter("asked too", interactive=True)
        assert race.leave("a")[0].startswith("asked")
        assert race.leave("b")[0].startswith("asked")
        assert race.leave("c") == ["d"]


def test_the_device_is_kept_for_an_interactive_edit_whose_inputs_are_on_their_way(monkeypatch):
    monkeypatch.setattr(module, "EXPECTED_SECONDS", SECONDS)
    with Race() as race:
        leaves = race.enter("a")
        with race.device.expecting("asked"):
            race.enter("b")
            race.leave("a", next_ones=0)
            leaves.result(SECONDS)
            race.assert_waits("b")
            race.enter("asked", interactive=True)
            assert race.order == ["a", "asked"]
            assert race.leave("asked") == ["b"]


def test_it_is_not_kept_for_long(monkeypatch):
    monkeypatch.setattr(module, "EXPECTED_SECONDS", 0.1)
    with Race() as race:
        race.enter("a")
        with race.device.expecting("asked"):
            race.enter("b")
            assert race.leave("a") == ["b"]


def test_it_is_not_kept_for_an_edit_that_has_ended_without_it(monkeypatch):
    monkeypatch.setattr(module, "EXPECTED_SECONDS", SECONDS)
    with Race() as race:
        with race.device.expecting("asked"):
            pass
        race.enter("a")
        assert race.order == ["a"]


@pytest.mark.parametrize("interactive", [False, True])
def test_an_edit_that_gives_up_waiting_leaves_nothing_behind(interactive):
    def give_up():
        raise Preempted("the process is leaving")

    with Race() as race:
        race.enter("a")
        with (
            pytest.raises(Preempted),
            race.device.hold("b", interactive=interactive, check=give_up),
        ):
            pass
        race.enter("c")
        assert race.leave("a") == ["c"]


def test_a_place_is_free_again_after_an_error():
    device = Device()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), device.hold("a", interactive=False, check=lambda: None):
            raise ZeroDivisionError


def test_who_is_on_the_device_is_counted():
    device = Device(2)
    with (
        device.hold("one", interactive=False, check=int),
        device.hold("other", interactive=True, check=int),
    ):
        assert device.holders == 2
    assert device.holders == 0


@pytest.fixture
def now(monkeypatch):
    """A clock that the test sets."""
    current = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: current[0])
    return current


def test_edits_that_share_a_device_share_its_seconds(now):
    device = Device(3, shared=True)
    began = device.clock()
    with device.hold("one", interactive=False, check=int):
        now[0] += 2
        assert device.clock() - began == 2
        with device.hold("other", interactive=False, check=int):
            middle = device.clock()
            now[0] += 6
            assert device.clock() - middle == 3  # half of them each
        now[0] += 1
    assert device.clock() - began == 2 + 3 + 1


def test_an_edit_with_a_server_has_all_of_its_seconds(now):
    device = Device(2)
    with device.hold("one", interactive=False, check=int), device.hold("other", interactive=False, check=int):
        began = device.clock()
        now[0] += 6
        assert device.clock() - began == 6
