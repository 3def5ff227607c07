"""A library that answers as NVML does, which itself needs a driver."""
# ruff: noqa: N802, N815 - NVML's names

from __future__ import annotations

import threading
from types import SimpleNamespace

UUIDS = ("GPU-5a1e9f6c", "GPU-c07d2b18")


class NVMLError(Exception):
    pass


class Nvml:
    NVML_TEMPERATURE_GPU = 0
    NVML_MEMORY_ERROR_TYPE_CORRECTED, NVML_MEMORY_ERROR_TYPE_UNCORRECTED = 0, 1
    NVML_VOLATILE_ECC = 0
    nvmlClocksEventReasonSwPowerCap = 4
    nvmlClocksEventReasonSwThermalSlowdown = 32
    nvmlClocksEventReasonHwThermalSlowdown = 64
    nvmlClocksEventReasonHwPowerBrakeSlowdown = 128

    def __init__(self):
        self.driver = True
        self.ecc = True
        self.lost = ()
        #: The bits of each GPU.
        self.slowed = [0, 0]
        #: Calls wait for it.
        self.answering = threading.Event()
        self.answering.set()

    def nvmlInit(self):
        self.answering.wait()
        if not self.driver:
            raise NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):
        if index in self.lost:
            raise NVMLError("GPU is lost")
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid):
        return UUIDS.index(uuid)

    def nvmlDeviceGetPciInfo(self, gpu):
        return SimpleNamespace(busId=(b"00000000:3B:00.0", b"00000000:AF:00.0")[gpu])

    def nvmlDeviceGetUtilizationRates(self, gpu):
        return SimpleNamespace(gpu=90 + gpu)

    def nvmlDeviceGetMemoryInfo(self, _gpu):
        return SimpleNamespace(used=60 * 10**9, total=80 * 10**9)

    def nvmlDeviceGetTemperature(self, _gpu, _sensor):
        return 65

    def nvmlDeviceGetPowerUsage(self, _gpu):
        return 612_000

    def nvmlDeviceGetCurrentClocksEventReasons(self, gpu):
        return self.slowed[gpu]

    def nvmlDeviceGetTotalEccErrors(self, _gpu, kind, _counter):
        if not self.ecc:
            raise NVMLError("Not Supported")
        return 7 * kind
