"""A stand-in engine that waits and returns the image unchanged, for timing and fault injection without a GPU.

Options: `seconds` of an edit, `steps` of an edit, `log` a file that gets one line for each edit (monotonic
start and end, instruction), from which device use is measured. Instructions that inject a fault:

    out of memory   raises DeviceOutOfMemory, unless low_memory is set
    card error      raises EngineLost, as do all later edits of this process
    hang            takes no further step
    die             ends the process as a crash of a driver does
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
                log.write(json.dumps([start, time.monotonic(), request.params.instruction]) + "\n")
        return EditResult(image=request.images[0])

    def _drill(self, request: EditRequest) -> None:
        """Inject the fault that the instruction names, in the middle of the edit."""
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
