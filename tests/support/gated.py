"""An engine whose edits last until the test ends them, by files in the folder of its options.

The file `started` gets a line for each edit that enters the device: its instruction. The edit ends once the
file `end` has that line too; with the instruction "card error" it raises EngineLost then.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.errors import EngineLost
from qie_batch.model import EditResult, EngineInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.model import EditRequest

INFO = EngineInfo(name="tests.support.gated", revision="1")


class Gated:
    info = INFO
    device = "cpu"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        instruction = request.params.instruction
        with (self._folder / "started").open("a") as started:
            started.write(f"{instruction}\n")
        while f"{instruction}\n" not in read(self._folder / "end"):
            time.sleep(0.02)
        if instruction == "card error":
            raise EngineLost("the drill lost its card")
        on_step(1)
        return EditResult(image=request.images[0])


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def info(_options: Mapping[str, Any]) -> EngineInfo:
    return INFO


def create(options: Mapping[str, Any]) -> Gated:
    return Gated(Path(options["folder"]))
