"""An engine that takes its time and gives the picture back: honest timing, and drills, without a GPU.

Options: `seconds` an edit takes, `steps` it takes them in, `log` a file that gets one line an edit
(monotonic start and end), for measuring how busy the device was. Instructions that it knows:

    out of memory   raises DeviceOutOfMemory, unless the smaller plan is asked for
    card error      raises EngineLost, as does whatever this process edits from then on
    hang            takes no further step
    die             ends the process as a fault in a driver does
"""

from __future__ import annotations

import ctypes
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.errors import DeviceOutOfMemory, EngineLost
from qie_batch.model import EditResult, EngineInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.model import EditRequest

INFO = EngineInfo(name="standin.engine", revision="1")


class StandIn:
    info = INFO
    device = "cpu"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._seconds = float(options.get("seconds", 1.2))
        self._steps = int(options.get("steps", 8))
        self._log = options.get("log")
        self._lost = False

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        if self._lost:
            raise EngineLost("the drill lost its card before")
        start = time.monotonic()
        for step in range(1, self._steps + 1):
            time.sleep(max(0.0, start + self._seconds * step / self._steps - time.monotonic()))
            on_step(step)
            if step == self._steps // 2:
                self._drill(request)
        if self._log:
            with Path(self._log).open("a", encoding="utf-8") as log:
                log.write(json.dumps([start, time.monotonic()]) + "\n")
        return EditResult(image=request.images[0])

    def _drill(self, request: EditRequest) -> None:
        """The accident that the instruction asks for, in the middle of the edit."""
        if request.params.instruction == "out of memory" and not request.low_memory:
            raise DeviceOutOfMemory("the drill did not fit the device")
        if request.params.instruction == "card error":
            self._lost = True
            raise EngineLost("the drill lost its card")
        if request.params.instruction == "hang":
            threading.Event().wait()
        if request.params.instruction == "die":
            ctypes.string_at(0)


def info(_options: Mapping[str, Any]) -> EngineInfo:
    return INFO


def create(options: Mapping[str, Any]) -> StandIn:
    return StandIn(options)
