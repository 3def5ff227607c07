"""An engine that takes its time and gives the picture back: honest timing without a GPU.

Options: `seconds` an edit takes, `steps` it takes them in, `log` a file that gets one line an edit
(monotonic start and end), for measuring how busy the device was.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.model import EditResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.model import EditRequest

DIFFUSION = False
REVISION = "1"


class StandIn:
    name = "standin.engine"
    revision = REVISION
    device = "cpu"
    buckets: tuple[tuple[int, int], ...] = ()

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._seconds = float(options.get("seconds", 1.2))
        self._steps = int(options.get("steps", 8))
        self._log = options.get("log")

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        start = time.monotonic()
        for step in range(1, self._steps + 1):
            time.sleep(max(0.0, start + self._seconds * step / self._steps - time.monotonic()))
            on_step(step)
        if self._log:
            with Path(self._log).open("a", encoding="utf-8") as log:
                log.write(json.dumps([start, time.monotonic()]) + "\n")
        return EditResult(image=request.images[0])


def create(options: Mapping[str, Any]) -> StandIn:
    return StandIn(options)
