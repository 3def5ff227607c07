"""Measures the host CPU of one item besides decoding, encoding and transfer.

A stand-in engine that takes no time, 48-pixel images (almost no decoding or encoding), the real broker, S3
server, ledger, worker and control. The figure is the CPU of the worker with its decoder processes, and of
control, less the CPU of the same requests to the store made alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from duty import BENCH, draw_images

from qie_batch import wiring
from qie_batch.cli.display import wait
from qie_batch.model import JobOrder
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.submit import SubmitRequest, submit

if TYPE_CHECKING:
    from qie_batch.settings import Settings

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The pids of the process and its descendants."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [
        pid,
        *(found for path in children for child in path.read_text().split() for found in family(int(child))),
    ]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, with those that ended and were waited for."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def transfer_seconds(settings: Settings, items: int) -> float:
    """CPU of the store requests of each item: get the missing result, get the input, put the result."""
    store = wiring.store(settings)
    data = os.urandom(7000)
    store.put_new("inputs/bench", data, "image/png")
    began = time.process_time()
    for _ in range(items):
        key = f"results/{uuid.uuid4().hex}"
        store.stat(key)
        store.get("inputs/bench")
        store.put_new(key, data, "image/png")
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--items", type=int, default=300)
    items = parser.parse_args().items
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    os.environ |= {"PYTHONPATH": str(BENCH), "QIE_ENGINE_OPTIONS": json.dumps({"seconds": 0.0, "steps": 1})}
    with tempfile.TemporaryDirectory(prefix="qie-overhead-") as name:
        catalog = draw_images(Path(name) / "catalog", items + 10, (48, 48))
        warm = catalog.with_name("warm.csv")
        lines = catalog.read_text(encoding="utf-8").splitlines(keepends=True)
        warm.write_text("".join(lines[:1] + lines[-10:]), encoding="utf-8")
        catalog.write_text("".join(lines[:-10]), encoding="utf-8")
        with embedded_stack(Path(name) / "stack", "standin.engine") as embedded:
            settings, processes = embedded.settings, embedded.processes
            ledger = wiring.ledger(settings)
            for some in (warm, catalog):
                before = {child.name: cpu_seconds(child.pid) for child in processes}
                request = SubmitRequest(address=str(some), order=JobOrder())
                submitted = submit(request, wiring.submit_context(settings, ledger))
                wait(ledger.costs, submitted.job_id)
            spent = {child.name: cpu_seconds(child.pid) - before[child.name] for child in processes}
            transfer = transfer_seconds(settings, items)
            ledger.dispose()
    worker, control = (1000 * spent[name] / items for name in ("worker", "control"))
    moved = 1000 * transfer / items
    print(f"CPU an item: worker {worker:.1f} ms, control {control:.1f} ms; {moved:.1f} ms of it is transfer")
    if parser.parse_args().json:
        figures = {"worker_ms": worker, "control_ms": control, "transfer_ms": moved}
        figures["overhead_ms"] = worker + control - moved
        print(json.dumps({key: round(value, 2) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
