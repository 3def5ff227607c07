"""The CPUs near a GPU: those of its NUMA node, from which its memory is reached without the other socket."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

#: Seconds in which NVML answers; a driver that hangs blocks its callers for ever.
ANSWER_SECONDS = 5.0
SYSFS = Path("/sys")


def nvml() -> Any:
    """NVML's library, None where it is not installed."""
    try:
        import pynvml  # noqa: PLC0415 - of the extra [gpu]
    except ImportError:
        return None
    return pynvml


def cpus_near(device: str, library: Any, sysfs: Path = SYSFS) -> frozenset[int]:
    """Those that this process may use; empty where nothing says which, or where all of them are near.

    `device` is given as in CUDA_VISIBLE_DEVICES, `library` is the module pynvml, or None.
    """
    allowed = os.sched_getaffinity(0)
    near = _cpus_of_node(_node_of(_pci_address(device, library), sysfs), sysfs) & allowed
    return frozenset() if near == allowed else near


@contextmanager
def running_on(cpus: frozenset[int]) -> Iterator[None]:
    """What this thread starts runs on these CPUs, with all of its threads and children; on any for none."""
    before = os.sched_getaffinity(0)
    if cpus:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _pci_address(device: str, library: Any) -> str:
    """As sysfs names it, such as "0000:3b:00.0"; "" where NVML does not say."""
    found: list[str] = []

    def ask() -> None:
        try:
            library.nvmlInit()
            by_index = device.isdecimal()
            handle = (
                library.nvmlDeviceGetHandleByIndex(int(device))
                if by_index
                else library.nvmlDeviceGetHandleByUUID(device)
            )
            bus = library.nvmlDeviceGetPciInfo(handle).busId
            found.append(bus if isinstance(bus, str) else bus.decode())
        except Exception as error:  # noqa: BLE001 - NVMLError, whose class comes with the library
            log.info("the CPUs near GPU %s are not known: %s", device, error)

    if library is None or not device:
        return ""
    thread = threading.Thread(target=ask, name="nvml", daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    # NVML gives the domain eight digits, sysfs four.
    return found[0].lower()[-12:] if found else ""


def _node_of(address: str, sysfs: Path) -> int:
    """-1 on a machine with one node, and where there is no such device."""
    if not address:
        return -1
    try:
        return int((sysfs / "bus/pci/devices" / address / "numa_node").read_text("ascii"))
    except (OSError, ValueError):
        return -1


def _cpus_of_node(node: int, sysfs: Path) -> frozenset[int]:
    if node < 0:
        return frozenset()
    try:
        return parsed_cpus((sysfs / f"devices/system/node/node{node}/cpulist").read_text("ascii"))
    except (OSError, ValueError):
        return frozenset()


def parsed_cpus(text: str) -> frozenset[int]:
    """The kernel's list, such as "0-15,32-47"."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)
