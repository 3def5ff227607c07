"""Measures the host CPU that metrics add to an item, as a share of all host CPU of an item.

The events of an edit of 4 steps, two reads and one write of the store, a claim and a success in the ledger
are counted by the real observers, without the work between them; the CPU of an item is that of
bench/overhead.py: an engine that takes no time, and pictures of 48 pixels, so that the share of a real
catalog is smaller.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from prometheus_client import generate_latest

from qie_batch.metrics import EditMetrics, new_registry
from qie_batch.metrics.services import _Times
from qie_batch.model import (
    Attempt,
    EditEvent,
    EditParams,
    EditSpec,
    Ending,
    Priority,
    Rate,
    Stage,
    Usage,
    Worker,
)

STAGES = (
    *(Stage.CLAIMED, Stage.FETCHED, Stage.ENTERED, *(Stage.STEPPED,) * 4, Stage.PAINTED, Stage.CHECKED),
    *(Stage.STORED, Stage.CLOSED),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    item, scrape = seconds_of(parser.parse_args().items)
    overhead = [sys.executable, str(Path(__file__).with_name("overhead.py")), "--json"]
    said = subprocess.run(overhead, capture_output=True, text=True, check=True).stdout
    whole = json.loads(said.splitlines()[-1])
    all_ms = whole["worker_ms"] + whole["control_ms"]
    print(f"metrics of an item {1000 * item:.3f} ms of CPU; a scrape {1000 * scrape:.2f} ms")
    print(f"all host CPU of an item {all_ms:.1f} ms: metrics are {100_000 * item / all_ms:.2f} % of it")


if __name__ == "__main__":
    main()
