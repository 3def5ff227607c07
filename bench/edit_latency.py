"""What an interactive edit costs: seconds of its client, and CPU of gateway and control.

    python bench/edit_latency.py [--edits 40] [--json]

A stack of its own; `POST /v1/images/edits` with a small picture, one after the other, each with another
prompt, so that none is answered from a cache. The engine is `classic`; `device` is what it took of each.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from process_cpu import cpu_seconds

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch import wiring
from qie_batch.model import JobSelection
from tests.support.gateways import running_gateway

if TYPE_CHECKING:
    import httpx2

    from tests.support.gateways import RunningGateway

#: Before anything is measured: processes have loaded what they load with the first edits.
WARM = 3
SIDE = 640
PROCESSES = ("gateway", "control", "worker")


def picture(side: int) -> bytes:
    noise = random.Random(0).randbytes(64 * 64 * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (64, 64), noise).resize((side, side)).save(file, "JPEG", quality=92)
    return file.getvalue()


def edit(client: httpx2.Client, image: bytes, number: int) -> float:
    """Seconds until the answer."""
    began = time.monotonic()
    fields = {"prompt": f"Make the picture {1 + number / 10:.1f}% brighter"}
    client.post("/v1/images/edits", data=fields, files={"image": ("a.jpg", image)}).raise_for_status()
    return time.monotonic() - began


def until_settled(gateway: RunningGateway) -> float:
    """Device milliseconds of an edit, once every job is closed."""
    ledger = wiring.ledger(gateway.settings)
    deadline = time.monotonic() + 60
    while any(job.closed_at is None for job in ledger.jobs.latest(JobSelection(limit=1000))):
        if time.monotonic() > deadline:
            raise SystemExit("the jobs of the edits are not closed after a minute")
        time.sleep(0.1)
    jobs = ledger.jobs.latest(JobSelection(limit=1000))
    taken = [item.seconds for job in jobs for item in ledger.jobs.items(job.id)]
    ledger.dispose()
    return 1000 * statistics.median(taken)


def measure(gateway: RunningGateway, edits: int) -> dict[str, float]:
    processes = {child.name: child.pid for child in gateway.embedded.processes}
    image = picture(SIDE)
    with gateway.client() as client:
        for number in range(WARM):
            edit(client, image, number)
        until_settled(gateway)
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        began = time.monotonic()
        waits = [edit(client, image, WARM + number) for number in range(edits)]
        device = until_settled(gateway)
        seconds = time.monotonic() - began
        spent = {name: cpu_seconds(pid) - before[name] for name, pid in processes.items()}
        # What the processes do anyhow, in as long a time.
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        time.sleep(5)
        idle = {name: (cpu_seconds(pid) - before[name]) / 5 for name, pid in processes.items()}
    cuts = statistics.quantiles(waits, n=20, method="inclusive")
    return {
        "p50_ms": 1000 * cuts[9],
        "p95_ms": 1000 * cuts[18],
        "device_ms": device,
        **{
            f"{name}_cpu_ms": 1000 * max(0.0, spent[name] - idle[name] * seconds) / edits
            for name in PROCESSES
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--edits", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-edits-") as name, running_gateway(Path(name)) as gateway:
        found = measure(gateway, asked.edits)
    cpu = ", ".join(f"{name} {found[f'{name}_cpu_ms']:.0f} ms" for name in PROCESSES)
    print(
        f"{asked.edits} edits: p50 {found['p50_ms']:.0f} ms, p95 {found['p95_ms']:.0f} ms, of which the"
        f" device took {found['device_ms']:.0f} ms; CPU an edit: {cpu}; load {os.getloadavg()[0]:.1f}"
    )
    if asked.json:
        print(json.dumps({key: round(value, 1) for key, value in found.items()}))


if __name__ == "__main__":
    main()
