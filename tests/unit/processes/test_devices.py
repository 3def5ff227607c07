from __future__ import annotations

import pytest

from qie_batch.model import EngineInfo
from qie_batch.wiring import worker_devices


@pytest.mark.parametrize(("on_cuda", "expected"), [(True, ["0", "3"]), (False, [])])
def test_an_engine_that_needs_no_card_has_one_worker_process_on_a_host_of_many(
    monkeypatch, on_cuda, expected
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    assert worker_devices(EngineInfo(name="engine", revision="1", on_cuda=on_cuda)) == expected
