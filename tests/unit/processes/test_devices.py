from __future__ import annotations

import pytest

from qie_batch.errors import UsageError
from qie_batch.model import EngineInfo
from qie_batch.wiring import worker_devices

ON_CUDA = EngineInfo(name="engine", revision="1", on_cuda=True)
ELSEWHERE = EngineInfo(name="engine", revision="1")


@pytest.fixture(autouse=True)
def _visible(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3,5")


@pytest.mark.parametrize(("info", "expected"), [(ON_CUDA, ["0", "3", "5"]), (ELSEWHERE, [])])
def test_an_engine_that_needs_no_card_has_one_worker_process_on_a_host_of_many(info, expected):
    assert worker_devices(info) == expected


@pytest.mark.parametrize(
    ("asked", "devices"),
    [("all", ["0", "3", "5"]), ("2", ["0", "3"]), ("5,0", ["5", "0"]), ("3,", ["3"]), ("3, 3", ["3"])],
)
def test_the_devices_are_those_that_were_asked_for(asked, devices):
    assert worker_devices(ON_CUDA, asked) == devices


@pytest.mark.parametrize("asked", ["0", "4", "-1", "two", "0,1", "", "0;3"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(asked):
    with pytest.raises(UsageError, match=r"the GPUs 0, 3, 5"):
        worker_devices(ON_CUDA, asked)


def test_devices_are_known_by_the_names_that_cuda_was_given(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5a1e9f6c,GPU-c07d2b18")
    assert worker_devices(ON_CUDA, "GPU-c07d2b18,") == ["GPU-c07d2b18"]
    assert worker_devices(ON_CUDA, "1") == ["GPU-5a1e9f6c"]


def test_a_machine_without_a_card_says_so(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UsageError, match="this machine has no GPU"):
        worker_devices(ON_CUDA, "1")


def test_an_engine_that_needs_no_card_takes_none():
    with pytest.raises(UsageError, match="has no use for --gpus"):
        worker_devices(ELSEWHERE, "0,")
