from __future__ import annotations

import logging

import pytest
from prometheus_client import CollectorRegistry

from qie_batch.metrics.gpu import GpuCollector
from qie_batch.metrics.throttling import ThrottleLog
from tests.support.nvml import Nvml


@pytest.fixture
def library():
    return Nvml()


@pytest.fixture
def look(library, caplog):
    """Looks at each GPU, and gives what was logged."""
    caplog.set_level(logging.INFO)
    throttling = ThrottleLog(library, GpuCollector(library).handles)

    def look():
        caplog.clear()
        throttling.look()
        return caplog.text

    return look


def test_heat_is_told_once_when_it_begins_and_once_when_it_ends(library, look):
    assert look() == ""
    library.slowed[1] = Nvml.nvmlClocksEventReasonHwThermalSlowdown
    assert "GPU 1 has lowered its clocks" in look()
    library.slowed[1] |= Nvml.nvmlClocksEventReasonSwThermalSlowdown
    assert look() == ""
    library.slowed[1] = 0
    assert "GPU 1 runs at its clocks again (heat)" in look()
    assert look() == ""


def test_a_gpu_at_its_power_cap_is_as_it_should_be(library, look):
    library.slowed = [Nvml.nvmlClocksEventReasonSwPowerCap] * 2
    assert look() == ""


def test_a_supply_that_brakes_is_told(library, look):
    library.slowed[0] = Nvml.nvmlClocksEventReasonHwPowerBrakeSlowdown
    assert "see to the power of this host" in look()


def test_a_driver_that_is_away_or_too_old_tells_nothing(library, look):
    library.driver = False
    assert look() == ""
    library.driver, library.slowed = True, []
    assert look() == ""


def test_the_reason_is_a_label_of_the_metric(library):
    library.slowed[1] = Nvml.nvmlClocksEventReasonSwThermalSlowdown | Nvml.nvmlClocksEventReasonSwPowerCap
    registry = CollectorRegistry()
    registry.register(GpuCollector(library))
    read = {
        reason: registry.get_sample_value("qie_gpu_throttled", {"gpu": "1", "reason": reason})
        for reason in ("heat", "power_brake", "power_cap")
    }
    assert read == {"heat": 1, "power_brake": 0, "power_cap": 1}
    assert registry.get_sample_value("qie_gpu_throttled", {"gpu": "0", "reason": "heat"}) == 0
