"""Measures how long interactive edits wait for the device while a large job runs.

Real broker, S3 server, ledger, worker and control; a stand-in engine of a known time. The job has 10,000 rows
with one image, and goes on during all of it. Interactive edits come one after the other at random moments;
each wait is from the entry of the item in the ledger to the start of its edit on the device.
`--priority high` shows the same without the queue of interactive items. With `--gateway` they are requests
to `/v1/images/edits`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from duty import BENCH, draw_images

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch import wiring
from qie_batch.model import JobOrder, JobSelection, Priority, RowDefaults
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.dispatch import dispatch_interactive
from qie_batch.steps.submit import SubmitRequest, submit
from tests.support.gateways import token

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings
    from qie_batch.steps.dispatch import DispatchContext

ENGINE = "standin.engine"
PATIENCE_SECONDS = 600.0


def edits(log: Path) -> list[tuple[float, float, str]]:
    """Start, end (monotonic) and instruction of each edit that has ended."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def write_job(folder: Path, rows: int) -> Path:
    """A manifest in which each row is an edit of its own of the same image."""
    catalog = draw_images(folder, 1, (1500, 1000))
    lines = [f"sku-{row},0.jpg,stand in {row}\n" for row in range(rows)]
    catalog.write_text("".join(["id,image,instruction\n", *lines]), encoding="utf-8")
    return catalog


class Bench:
    def __init__(self, settings: Settings, ledger: SqlLedger, folder: Path, priority: Priority) -> None:
        self.settings, self.ledger = settings, ledger
        self.folder, self.log = folder, folder / "edits.jsonl"
        self.dispatching: DispatchContext = wiring.dispatch_context(settings, ledger)
        self.priority = priority

    def submit(self, catalog: Path, order: JobOrder) -> str:
        request = SubmitRequest(address=str(catalog), order=order)
        return submit(request, wiring.submit_context(self.settings, self.ledger)).job_id

    def wait_for(self, instruction: str) -> tuple[float, float]:
        """Start and end of this edit."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for start, end, of in reversed(edits(self.log)):
                if of.startswith(instruction):
                    return start, end
            time.sleep(0.02)
        raise SystemExit(f"{instruction} was not edited within {PATIENCE_SECONDS:.0f} s")

    def ask(self, catalog: Path, number: int) -> tuple[float, float]:
        """Seconds for which one interactive edit waits for the device, and until it has ended there."""
        instruction = f"asked {number}"
        defaults = RowDefaults(instruction=instruction)
        self.submit(catalog, JobOrder(name="asked", priority=self.priority, defaults=defaults))
        entered = time.monotonic()
        dispatch_interactive(ENGINE, self.dispatching)
        start, end = self.wait_for(instruction)
        return start - entered, end - entered

    def post(self, client: httpx2.Client, image: bytes, number: int) -> tuple[float, float]:
        """Likewise of a request to the gateway; the second is from its sending to the answer."""
        instruction, sent = f"asked {number}", time.monotonic()
        fields, files = {"prompt": instruction}, {"image": ("a.jpg", image)}
        client.post("/v1/images/edits", data=fields, files=files).raise_for_status()
        answered = time.monotonic()
        # The ledger counts from 1970, the log of the engine from the start of the machine.
        entered = (
            self.ledger.jobs.latest(JobSelection(limit=1))[0].created_at - time.time() + time.monotonic()
        )
        return self.wait_for(instruction)[0] - entered, answered - sent


def measure(folder: Path, arguments: argparse.Namespace) -> tuple[list[tuple[float, float]], int]:
    """The waits, and how many edits of the job were made meanwhile."""
    with embedded_stack(folder / "stack", ENGINE) as embedded:
        ledger = wiring.ledger(embedded.settings)
        bench = Bench(embedded.settings, ledger, folder, Priority[arguments.priority.upper()])
        bench.submit(write_job(folder / "job", arguments.rows), JobOrder(priority=Priority.NORMAL))
        bench.wait_for("stand in")
        asked = draw_images(folder / "asked", 1, (1500, 1000))
        asked.write_text("id,image\none,0.jpg\n", encoding="utf-8")
        waits, chance = [], random.Random(0)
        bearer = {"Authorization": f"Bearer {token(embedded.settings, scope='edits')}"}
        url = f"http://127.0.0.1:{embedded.settings.gateway_port}"
        with httpx2.Client(base_url=url, headers=bearer, timeout=PATIENCE_SECONDS) as client:
            for number in range(arguments.edits):
                time.sleep(chance.uniform(0.5, 1.5) * arguments.seconds)
                if arguments.gateway:
                    image = asked.with_name("0.jpg").read_bytes()
                    waits.append(bench.post(client, image, number))
                else:
                    waits.append(bench.ask(asked, number))
        ledger.dispose()
    return waits, sum(of.startswith("stand in") for _, _, of in edits(bench.log))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one edit")
    parser.add_argument("--priority", choices=["interactive", "high"], default="interactive")
    parser.add_argument("--gateway", action="store_true", help="ask by POST /v1/images/edits")
    arguments = parser.parse_args()
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    with tempfile.TemporaryDirectory(prefix="qie-interactive-") as name:
        options = {"seconds": arguments.seconds, "log": f"{name}/edits.jsonl"}
        os.environ |= {"PYTHONPATH": os.pathsep.join((str(BENCH), os.environ.get("PYTHONPATH", "")))}
        os.environ |= {"QIE_ENGINE_OPTIONS": json.dumps(options), "QIE_GATES": "off"}
        found, of_job = measure(Path(name), arguments)
    waits, ends = ([pair[part] for pair in found] for part in (0, 1))
    cuts = statistics.quantiles(waits, n=20, method="inclusive")
    print(
        f"an edit takes {arguments.seconds:.2f} s; {len(waits)} {arguments.priority} edits beside a job of"
        f" {arguments.rows} rows ({of_job} done meanwhile) waited for the device: p50 {cuts[9]:.2f} s,"
        f" p95 {cuts[18]:.2f} s, most {max(waits):.2f} s; until their end p95"
        f" {statistics.quantiles(ends, n=20, method='inclusive')[18]:.2f} s"
    )
    if arguments.json:
        figures = {"edit_s": arguments.seconds, "wait_p50_s": cuts[9], "wait_p95_s": cuts[18]}
        print(json.dumps({key: round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
