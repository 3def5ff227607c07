"""The GPUs of this host, read by NVML when Prometheus asks.

Package nvidia-ml-py. Without the package, the driver or an answer, `qie_nvml_up` is 0 and no GPU is listed.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client import CollectorRegistry, Metric

log = logging.getLogger(__name__)


class GpuCollector(Collector):
    def __init__(self, library: Any, devices: Sequence[str] = ()) -> None:
        """`library` is the module pynvml, or None; `devices` are indices, none of them for all."""
        self._nvml = library
        self._devices = devices
        self._said = ""

    def collect(self) -> Iterator[Metric]:
        try:
            handles = self._handles()
        except Exception as error:  # noqa: BLE001 - NVMLError, whose class comes with the library
            self._say_once(str(error))
            handles = {}
        yield GaugeMetricFamily("qie_nvml_up", "1 if NVML lists the GPUs of this host", value=bool(handles))
        yield from self._gauges(handles)
        yield self._ecc(handles)

    def _handles(self) -> dict[str, Any]:
        """By index. Initialised at every read: a driver that was reset is found again."""
        if self._nvml is None:
            return {}
        self._nvml.nvmlInit()
        count = self._nvml.nvmlDeviceGetCount()
        wanted = [index for index in range(count) if not self._devices or str(index) in self._devices]
        return {str(index): self._nvml.nvmlDeviceGetHandleByIndex(index) for index in wanted}

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
        if sentence != self._said:
            self._said = sentence
            log.info("GPU metrics: NVML says %s", sentence)


def register_gpus(registry: CollectorRegistry, devices: Sequence[str] = ()) -> None:
    """Export the GPUs with these indices."""
    try:
        import pynvml  # noqa: PLC0415 - of the extra [gpu]
    except ImportError:
        pynvml = None
    registry.register(GpuCollector(pynvml, devices))
