"""The GPUs of this host, read by NVML when Prometheus asks.

Package nvidia-ml-py. Without the package, the driver or an answer in time, `qie_nvml_up` is 0 and no GPU is
listed.
"""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from qie_batch.metrics.throttling import REASONS, ThrottleLog, is_throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client import CollectorRegistry, Metric

log = logging.getLogger(__name__)

#: Seconds in which NVML answers; a driver that hangs blocks its callers for ever.
ANSWER_SECONDS = 2.0


class GpuCollector(Collector):
    def __init__(self, library: Any, devices: Sequence[str] = ()) -> None:
        """`library` is the module pynvml, or None; `devices` are indices or UUIDs, none of them for all."""
        self._nvml = library
        self._devices = devices
        self._said: set[str] = set()
        self._reading: threading.Thread | None = None
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            found = self._read_in_time()
        yield from found or (_up(0),)

    def _read_in_time(self) -> list[Metric]:
        """Empty while NVML does not answer; one thread waits for it, however many scrapes come."""
        found: list[Metric] = []
        if self._reading is None or not self._reading.is_alive():
            self._reading = threading.Thread(
                target=lambda: found.extend(self._read()), name="nvml", daemon=True
            )
            self._reading.start()
            self._reading.join(ANSWER_SECONDS)
        if self._reading.is_alive():
            self._say_once("nothing: it does not answer")
            return []
        return found

    def _read(self) -> list[Metric]:
        handles, complete = {}, self._nvml is not None
        try:
            for name in self._names():
                try:
                    handles[name] = self._handle(name)
                except Exception as error:  # noqa: BLE001 - NVMLError, whose class comes with the library
                    self._say_once(f"{error} of GPU {name}")
                    complete = False
        except Exception as error:  # noqa: BLE001 - as above
            self._say_once(str(error))
        return [
            _up(complete and bool(handles)),
            *self._gauges(handles),
            self._throttled(handles),
            self._ecc(handles),
        ]

    def _names(self) -> Sequence[str]:
        """Initialises NVML at every read: a driver that was reset is found again."""
        if self._nvml is None:
            return ()
        self._nvml.nvmlInit()
        return self._devices or [str(index) for index in range(self._nvml.nvmlDeviceGetCount())]

    def _handle(self, name: str) -> Any:
        if name.isdecimal():
            return self._nvml.nvmlDeviceGetHandleByIndex(int(name))
        return self._nvml.nvmlDeviceGetHandleByUUID(name)

    def _gauges(self, handles: dict[str, Any]) -> Iterator[Metric]:
        nvml = self._nvml
        figures: tuple[tuple[str, str, Callable[[Any], float]], ...] = (
            (
                "qie_gpu_utilization_ratio",
                "Share of the last second in which a kernel ran",
                lambda gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100,
            ),
            (
                "qie_gpu_memory_used_bytes",
                "Memory that is allocated",
                lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).used,
            ),
            (
                "qie_gpu_memory_total_bytes",
                "Memory of the GPU",
                lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).total,
            ),
            (
                "qie_gpu_temperature_celsius",
                "Temperature of the GPU",
                lambda gpu: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU),
            ),
            (
                "qie_gpu_power_watts",
                "Power that the GPU draws",
                lambda gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000,
            ),
        )
        for name, says, read in figures:
            family = GaugeMetricFamily(name, says, labels=("gpu",))
            for index, handle in handles.items():
                self._add(family, (index,), partial(read, handle))
            yield family

    def _throttled(self, handles: dict[str, Any]) -> Metric:
        family = GaugeMetricFamily(
            "qie_gpu_throttled", "1 while the GPU runs below its clocks", labels=("gpu", "reason")
        )
        for index, handle in handles.items():
            for reason in REASONS:
                self._add(family, (index, reason), partial(is_throttled, self._nvml, handle, reason))
        return family

    def handles(self) -> dict[str, Any]:
        """Each GPU by its name; raises what NVML says where one is lost."""
        return {name: self._handle(name) for name in self._names()}

    def _ecc(self, handles: dict[str, Any]) -> Metric:
        """Since the driver was loaded; a GPU without ECC has none."""
        nvml = self._nvml
        family = CounterMetricFamily(
            "qie_gpu_ecc_errors", "Memory errors since the driver was loaded", labels=("gpu", "kind")
        )
        for index, handle in handles.items():
            kinds = {
                "corrected": nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED,
                "uncorrected": nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
            }
            for kind, number in kinds.items():
                read = partial(nvml.nvmlDeviceGetTotalEccErrors, handle, number, nvml.NVML_VOLATILE_ECC)
                self._add(family, (index, kind), read)
        return family

    def _add(
        self,
        family: GaugeMetricFamily | CounterMetricFamily,
        labels: tuple[str, ...],
        read: Callable[[], float],
    ) -> None:
        """Leave a figure out that this GPU does not have."""
        try:
            family.add_metric(labels, float(read()))
        except Exception as error:  # noqa: BLE001 - as above
            self._say_once(str(error))

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.info("GPU metrics: NVML says %s", sentence)


def _up(value: float) -> Metric:
    return GaugeMetricFamily("qie_nvml_up", "1 if NVML lists all GPUs of this host", value=value)


def register_gpus(registry: CollectorRegistry, devices: Sequence[str] = ()) -> None:
    """Export these GPUs, given as in CUDA_VISIBLE_DEVICES, and log when one is throttled."""
    try:
        import pynvml  # noqa: PLC0415 - of the extra [gpu]
    except ImportError:
        pynvml = None
    collector = GpuCollector(pynvml, devices)
    registry.register(collector)
    if pynvml is not None:
        ThrottleLog(pynvml, collector.handles).watch()
