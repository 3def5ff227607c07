"""An engine on CUDA devices of two kinds, known by the index that its process may see."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from qie_batch.model import EditResult, EngineInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.model import EditRequest

INFO = EngineInfo(name="tests.support.two_devices", revision="1", on_cuda=True, device="H100")
DEVICES = {"0": "NVIDIA H100 80GB HBM3", "1": "NVIDIA L40S"}
STEP_SECONDS = 0.1


class TwoDevices:
    info = INFO
    start_phases: Mapping[str, float]

    def __init__(self) -> None:
        self.device = DEVICES[os.environ["CUDA_VISIBLE_DEVICES"]]
        self.start_phases = {"weights": 0.0, "warm_up": 0.0}

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        time.sleep(STEP_SECONDS)
        on_step(1)
        return EditResult(
            image=request.images[0], phases={"steps": STEP_SECONDS}, ran={"device": self.device}
        )


def info(_options: Mapping[str, Any]) -> EngineInfo:
    return INFO


def create(_options: Mapping[str, Any]) -> TwoDevices:
    return TwoDevices()
