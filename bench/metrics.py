"""Measures the host CPU that metrics add to an item, as a share of all host CPU of an item.

The events of an edit of 4 steps, two reads and one write of the store, a claim, a renewal and a success in
the ledger are counted by the real observers, without the work between them. All CPU of an item is that of
worker (with its decoder processes) and control in the embedded stack: with an engine that takes no time and
pictures of 48 pixels, the worst case, and with the classic engine at 1 megapixel. A scrape is that of the
worker's own page.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from duty import BENCH, draw_images
from process_cpu import cpu_seconds
from prometheus_client import generate_latest

from qie_batch import wiring
from qie_batch.cli.display import wait
from qie_batch.metrics import EditMetrics, new_registry
from qie_batch.metrics.services import _Times
from qie_batch.model import (
    Attempt,
    EditEvent,
    EditParams,
    EditSpec,
    Ending,
    JobOrder,
    Priority,
    Rate,
    Stage,
    Usage,
    Worker,
)
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.submit import SubmitRequest, submit

STAGES = (
    *(Stage.CLAIMED, Stage.FETCHED, Stage.DECODED, Stage.ENTERED, *(Stage.STEPPED,) * 4, Stage.PAINTED),
    *(Stage.CHECKED, Stage.ENCODED, Stage.STORED, Stage.CLOSED),
)
#: Engine, its options, instruction, side of the pictures in pixels, items.
RUNS = (
    ("standin.engine", {"seconds": 0.0, "steps": 1}, "stand in", 48, 205),
    ("classic", {}, "make it brighter", 1024, 65),
)
OPERATIONS = ("get", "get", "put", "claim", "renew", "succeed")


def seconds_of(items: int) -> tuple[float, float]:
    """CPU of counting one item, and of one scrape."""
    rate = Rate(hour_micros=1_000_000)
    registry = new_registry()
    observe = EditMetrics(registry, Worker(name="w", engine="e", device="d", rate=rate), "spot")
    times = _Times(registry, "store", OSError)
    spec = EditSpec(engine="e", revision="1", inputs=("a",), params=EditParams(instruction="x"))
    began = time.process_time()
    for number in range(items):
        attempt = Attempt(
            item_id=f"job.{number}",
            number=1,
            row_id="r",
            spec=spec,
            rate=rate,
            priority=Priority.NORMAL,
            errors=0,
            crashes=0,
        )
        for stage in STAGES:
            ending = Ending.SUCCEEDED if stage is Stage.CLOSED else None
            observe(EditEvent(stage=stage, attempt=attempt, usage=Usage(), seconds=0.1, ending=ending))
        for operation in OPERATIONS:
            with times.of(operation):
                pass
    counted = time.process_time()
    for _ in range(20):
        generate_latest(registry)
    return (counted - began) / items, (time.process_time() - counted) / 20


def cpu_of_item(engine: str, instruction: str, side: int, items: int) -> tuple[float, int]:
    """Seconds of worker and control for one item, and how many samples the worker's page has then."""
    with tempfile.TemporaryDirectory(prefix="qie-metrics-") as name:
        catalog = draw_images(Path(name) / "catalog", items, (side, side))
        catalog.write_text(catalog.read_text().replace("stand in", instruction))
        with embedded_stack(Path(name) / "stack", engine) as embedded:
            settings, processes = embedded.settings, embedded.processes[:2]
            ledger = wiring.ledger(settings)
            warm = catalog.with_name("warm.csv")
            lines = catalog.read_text().splitlines(keepends=True)
            warm.write_text("".join(lines[:6]))
            catalog.write_text("".join(lines[:1] + lines[6:]))
            for some in (warm, catalog):
                before = sum(cpu_seconds(each.pid) for each in processes)
                request = SubmitRequest(address=str(some), order=JobOrder())
                submitted = submit(request, wiring.submit_context(settings, ledger))
                wait(ledger.costs, submitted.job_id)
            spent = sum(cpu_seconds(each.pid) for each in processes) - before
            ledger.dispose()
            address = f"http://127.0.0.1:{embedded.stack.metrics['worker'] + 1}/metrics"
            page = httpx2.get(address).text
    return spent / (items - 5), sum(not line.startswith("#") for line in page.splitlines())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    item, scrape = seconds_of(parser.parse_args().items)
    print(f"metrics of an item {1000 * item:.3f} ms of CPU; a scrape {1000 * scrape:.2f} ms")
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    os.environ |= {"PYTHONPATH": f"{BENCH}:{os.environ.get('PYTHONPATH', '')}"}
    for engine, options, instruction, side, items in RUNS:
        os.environ |= {"QIE_ENGINE_OPTIONS": json.dumps(options), "QIE_GATES": "off"}
        spent, samples = cpu_of_item(engine, instruction, side, items)
        print(
            f"{engine}, {side} pixels: all host CPU of an item {1000 * spent:.1f} ms, metrics are"
            f" {100 * item / spent:.2f} % of it; the worker's page has {samples} samples"
        )


if __name__ == "__main__":
    main()
