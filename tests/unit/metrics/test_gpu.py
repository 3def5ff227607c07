from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry

from qie_batch.metrics.gpu import GpuCollector, register_gpus
from tests.support.nvml import Nvml


def registry_of(library, devices=()):
    registry = CollectorRegistry()
    registry.register(GpuCollector(library, devices))
    return registry


def test_the_gpus_of_the_host_are_read_at_each_scrape():
    registry = registry_of(Nvml())
    value = registry.get_sample_value
    assert value("qie_nvml_up") == 1
    assert value("qie_gpu_utilization_ratio", {"gpu": "1"}) == 0.91
    assert value("qie_gpu_memory_used_bytes", {"gpu": "0"}) == 60e9
    assert value("qie_gpu_memory_total_bytes", {"gpu": "0"}) == 80e9
    assert value("qie_gpu_temperature_celsius", {"gpu": "0"}) == 65
    assert value("qie_gpu_power_watts", {"gpu": "0"}) == 612
    assert value("qie_gpu_ecc_errors_total", {"gpu": "0", "kind": "uncorrected"}) == 7


def test_only_the_devices_of_this_supervisor_are_listed():
    value = registry_of(Nvml(), ["1"]).get_sample_value
    assert value("qie_gpu_temperature_celsius", {"gpu": "0"}) is None
    assert value("qie_gpu_temperature_celsius", {"gpu": "1"}) == 65


def test_without_a_driver_nvml_is_down_and_up_again_once_it_answers(caplog):
    library = Nvml()
    library.driver = False
    registry = registry_of(library)
    with caplog.at_level(logging.INFO):
        assert registry.get_sample_value("qie_nvml_up") == 0
        assert registry.get_sample_value("qie_nvml_up") == 0
    assert caplog.text.count("NVML says Driver Not Loaded") == 1
    library.driver = True
    assert registry.get_sample_value("qie_nvml_up") == 1


def test_a_gpu_without_ecc_has_all_other_figures():
    library = Nvml()
    library.ecc = False
    registry = registry_of(library)
    assert registry.get_sample_value("qie_gpu_power_watts", {"gpu": "0"}) == 612
    assert registry.get_sample_value("qie_gpu_ecc_errors_total", {"gpu": "0", "kind": "corrected"}) is None


def test_on_a_machine_without_a_gpu_it_says_so():
    registry = CollectorRegistry()
    register_gpus(registry)
    assert registry.get_sample_value("qie_nvml_up") in (0, 1)
