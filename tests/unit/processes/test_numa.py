from __future__ import annotations

import os
import subprocess
import sys

import pytest

from qie_batch.processes import numa
from qie_batch.processes.numa import cpus_near, parsed_cpus, running_on
from tests.support.nvml import UUIDS, Nvml

ALLOWED = frozenset({2, 3, 8, 9})


@pytest.fixture
def sysfs(tmp_path, monkeypatch):
    """Two sockets, a GPU at each."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(ALLOWED))
    for gpu, (address, cpus) in enumerate((("0000:3b:00.0", "0-3,16-19"), ("0000:af:00.0", "8-11"))):
        device, node = tmp_path / "bus/pci/devices" / address, tmp_path / f"devices/system/node/node{gpu}"
        device.mkdir(parents=True)
        node.mkdir(parents=True)
        (device / "numa_node").write_text(f"{gpu}\n")
        (node / "cpulist").write_text(f"{cpus}\n")
    return tmp_path


def test_the_cpus_near_a_device_are_those_of_its_node_that_may_be_used(sysfs):
    assert cpus_near("0", Nvml(), sysfs) == {2, 3}
    assert cpus_near("1", Nvml(), sysfs) == {8, 9}
    assert cpus_near(UUIDS[1], Nvml(), sysfs) == {8, 9}


def test_where_all_cpus_are_near_none_is_chosen(sysfs):
    (sysfs / "devices/system/node/node0/cpulist").write_text("0-63\n")
    assert cpus_near("0", Nvml(), sysfs) == frozenset()


@pytest.mark.parametrize("node", ["-1", "7", "what"])
def test_of_a_node_that_is_not_known_no_cpu_is_chosen(sysfs, node):
    (sysfs / "bus/pci/devices/0000:3b:00.0/numa_node").write_text(node)
    assert cpus_near("0", Nvml(), sysfs) == frozenset()


def test_without_an_answer_of_the_driver_no_cpu_is_chosen(sysfs, monkeypatch):
    gone = Nvml()
    gone.driver = False
    monkeypatch.setattr(numa, "ANSWER_SECONDS", 0.05)
    hanging = Nvml()
    hanging.answering.clear()
    for library in (gone, hanging, None):
        assert cpus_near("0", library, sysfs) == frozenset()
    hanging.answering.set()
    assert cpus_near("", Nvml(), sysfs) == frozenset()
    assert cpus_near("MIG-1", Nvml(), sysfs) == frozenset()


def test_the_kernel_lists_cpus_one_by_one_and_from_to():
    assert parsed_cpus("0-3,8,10-11\n") == {0, 1, 2, 3, 8, 10, 11}


def test_what_is_started_near_a_device_runs_there_and_nothing_after_it():
    before = os.sched_getaffinity(0)
    code = "import os; print(sorted(os.sched_getaffinity(0)))"
    one = frozenset({min(before)})
    with running_on(one):
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(sorted(one))
    assert os.sched_getaffinity(0) == before
    with running_on(frozenset()):
        assert os.sched_getaffinity(0) == before
