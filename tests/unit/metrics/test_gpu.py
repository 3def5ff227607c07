from __future__ import annotations

import logging
import threading

from prometheus_client import CollectorRegistry

from qie_batch.metrics import gpu
from qie_batch.metrics.gpu import GpuCollector, register_gpus
from tests.support.nvml import UUIDS, Nvml


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


def test_devices_are_given_by_uuid_too():
    value = registry_of(Nvml(), [UUIDS[1]]).get_sample_value
    assert value("qie_nvml_up") == 1
    assert value("qie_gpu_utilization_ratio", {"gpu": UUIDS[1]}) == 0.91


def test_a_gpu_that_is_lost_takes_the_figures_of_no_other_one_away(caplog):
    library = Nvml()
    library.lost = (0,)
    with caplog.at_level(logging.INFO):
        value = registry_of(library).get_sample_value
        assert value("qie_nvml_up") == 0
        assert value("qie_gpu_temperature_celsius", {"gpu": "1"}) == 65
    assert caplog.text.count("NVML says GPU is lost of GPU 0") == 1


def test_a_driver_that_hangs_holds_one_thread_and_no_scrape(monkeypatch, caplog):
    monkeypatch.setattr(gpu, "ANSWER_SECONDS", 0.02)
    library = Nvml()
    library.answering.clear()
    registry = registry_of(library)
    with caplog.at_level(logging.INFO):
        assert [registry.get_sample_value("qie_nvml_up") for _ in range(5)] == [0] * 5
    assert [each.name for each in threading.enumerate()].count("nvml") == 1
    assert caplog.text.count("it does not answer") == 1
    library.answering.set()
    next(each for each in threading.enumerate() if each.name == "nvml").join(5)
    assert registry.get_sample_value("qie_nvml_up") == 1


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
