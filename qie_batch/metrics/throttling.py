"""Why a GPU runs below its clocks, as NVML says, and a line in the log when that begins and ends."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

#: Seconds between two looks at every GPU.
POLL_SECONDS = 15.0

#: NVML's names of the bits, by the name of the reason.
REASONS: Mapping[str, tuple[str, ...]] = {
    "heat": ("nvmlClocksEventReasonHwThermalSlowdown", "nvmlClocksEventReasonSwThermalSlowdown"),
    "power_brake": ("nvmlClocksEventReasonHwPowerBrakeSlowdown",),
    "power_cap": ("nvmlClocksEventReasonSwPowerCap",),
}
#: What a person can do about it. A GPU at full load stands at its power cap: no line for that.
_ADVICE = {
    "heat": "it is too hot: see to its fans and the air around it",
    "power_brake": "its supply brakes it: see to the power of this host",
}


def is_throttled(nvml: Any, gpu: Any, reason: str) -> bool:
    """Raises NVML's error where the GPU does not tell."""
    bits = nvml.nvmlDeviceGetCurrentClocksEventReasons(gpu)
    return any(bits & getattr(nvml, name) for name in REASONS[reason])


class ThrottleLog:
    def __init__(self, nvml: Any, handles: Callable[[], Mapping[str, Any]]) -> None:
        """`handles` gives each GPU by its name; it may raise any error of NVML."""
        self._nvml = nvml
        self._handles = handles
        self._throttled: set[tuple[str, str]] = set()

    def watch(self) -> None:
        """Look from a thread, as long as the process runs: a driver that hangs holds that thread alone."""
        threading.Thread(target=self._look_for_ever, name="throttling", daemon=True).start()

    def look(self) -> None:
        """Log what has changed since the last look; of a GPU that gives no answer, nothing has."""
        try:
            handles = self._handles()
        except Exception as error:  # noqa: BLE001 - NVMLError, whose class comes with the library
            log.debug("NVML says %s", error)
            return
        for name, gpu in handles.items():
            for reason in _ADVICE:
                self._compare(name, gpu, reason)

    def _compare(self, name: str, gpu: Any, reason: str) -> None:
        try:
            throttled = is_throttled(self._nvml, gpu, reason)
        except Exception as error:  # noqa: BLE001 - as above; an old driver does not know the question
            log.debug("NVML says %s of GPU %s", error, name)
            return
        known = (name, reason) in self._throttled
        if throttled and not known:
            self._throttled.add((name, reason))
            log.warning("GPU %s has lowered its clocks, so that edits take longer: %s", name, _ADVICE[reason])
        elif known and not throttled:
            self._throttled.discard((name, reason))
            log.info("GPU %s runs at its clocks again (%s)", name, reason)

    def _look_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(POLL_SECONDS):
            self.look()
