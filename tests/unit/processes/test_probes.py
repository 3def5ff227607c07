from __future__ import annotations

import pytest

from qie_batch.processes.probes import (
    STILL_SECONDS,
    STUCK_SECONDS,
    ControlProbes,
    ProcessState,
    WorkerProbes,
)

WARM = ProcessState(name="worker-0", is_warm=True)
COLD = ProcessState(name="worker-1", is_warm=False)
STUCK = ProcessState(name="worker-2", is_warm=True, stuck_seconds=STUCK_SECONDS + 1)


@pytest.fixture
def probes():
    return WorkerProbes()


@pytest.fixture
def time(monkeypatch):
    """Turned by a test."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def answers(probes):
    return {path: bool(probe()) for path, probe in probes.by_path.items()}


def test_a_worker_has_started_once_each_process_has_a_warm_engine(probes):
    assert answers(probes) == {"/started": True, "/ready": True, "/live": False}
    probes.polled([WARM, COLD])
    assert answers(probes) == {"/started": True, "/ready": True, "/live": False}
    assert probes.cold() == "the engine is not loaded yet: worker-1"
    probes.polled([WARM])
    assert answers(probes) == {"/started": False, "/ready": False, "/live": False}


def test_a_worker_that_leaves_is_not_ready_and_not_killed_for_it(probes, time):
    probes.polled([WARM])
    probes.leave()
    time[0] += STILL_SECONDS + 1
    assert answers(probes) == {"/started": False, "/ready": True, "/live": False}


def test_a_process_that_outlives_its_kill_takes_the_worker_down(probes):
    probes.polled([WARM, STUCK])
    assert probes.not_alive() == "killed, and does not end: worker-2"


@pytest.mark.parametrize("made", [WorkerProbes, ControlProbes])
def test_a_process_whose_rounds_stand_still_is_not_alive(made, time):
    probes = made()
    live = probes.by_path["/live"]
    time[0] += STILL_SECONDS - 1
    assert not live()
    time[0] += 2
    assert live() == f"no round ended for {STILL_SECONDS + 1:.0f} s"


def test_each_round_of_control_shows_that_it_lives(time):
    probes = ControlProbes()
    time[0] += STILL_SECONDS + 1
    assert probes.round_ended() == 0
    assert not probes.by_path["/live"]()
