"""Measures the share of time in which the device is busy between the first and the last edit.

Real broker, S3 server, ledger, worker and control; a stand-in engine; 1.5-megapixel JPEG in, PNG out. `duty`
is of edits of 1.2 s with a concurrency of three in the worker, `duty_one_slot` with one, and `duty_600ms` of
edits of 600 ms with three. All gates look at every result.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from PIL import Image

from qie_batch import wiring
from qie_batch.cli.display import wait
from qie_batch.model import JobOrder, OutputFormat, RowDefaults
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.submit import SubmitRequest, submit

BENCH = Path(__file__).resolve().parent
#: The name of each figure, the concurrency of the worker, the seconds of an edit.
MEASURED = (("duty", 3, 1.2), ("duty_600ms", 3, 0.6), ("duty_one_slot", 1, 1.2))


def draw_images(folder: Path, number: int, size: tuple[int, int]) -> Path:
    """A manifest of `number` different photo-like images (gradients and noise)."""
    folder.mkdir(parents=True)
    noise = random.Random(0)
    lines = ["id,image,instruction"]
    for index in range(number):
        coarse = Image.frombytes("RGB", (48, 32), noise.randbytes(48 * 32 * 3)).resize(
            size, Image.Resampling.BICUBIC
        )
        grain = Image.frombytes("RGB", (256, 256), noise.randbytes(256 * 256 * 3)).resize(size)
        buffer = io.BytesIO()
        Image.blend(coarse, grain, 0.05).save(buffer, "JPEG", quality=92)
        (folder / f"{index}.jpg").write_bytes(buffer.getvalue())
        lines.append(f"sku-{index},{index}.jpg,put it on a white background")
    catalog = folder / "catalog.csv"
    catalog.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return catalog


def measure(folder: Path, catalog: Path, concurrency: int, seconds: float) -> float:
    """Submit to a new stack; device seconds over the seconds between the first and the last edit."""
    folder = folder / f"{concurrency}-{seconds}"
    folder.mkdir()
    log = folder / "edits.jsonl"
    os.environ |= {
        "PYTHONPATH": os.pathsep.join((str(BENCH), os.environ.get("PYTHONPATH", ""))),
        "QIE_CONCURRENCY": str(concurrency),
        "QIE_ENGINE_OPTIONS": json.dumps({"seconds": seconds, "log": str(log)}),
    }
    with embedded_stack(folder / "stack", "standin.engine") as embedded:
        settings = embedded.settings
        ledger = wiring.ledger(settings)
        order = JobOrder(defaults=RowDefaults(output=OutputFormat.PNG))
        request = SubmitRequest(address=str(catalog), order=order)
        submitted = submit(request, wiring.submit_context(settings, ledger))
        wait(ledger.costs, submitted.job_id)
        ledger.dispose()
    spans = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    busy = sum(end - start for start, end, _ in spans)
    return busy / (max(end for _, end, _ in spans) - min(start for start, _, _ in spans))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--items", type=int, default=24)
    arguments = parser.parse_args()
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    figures = {}
    with tempfile.TemporaryDirectory(prefix="qie-duty-") as name:
        folder = Path(name)
        catalog = draw_images(folder / "catalog", arguments.items, (1500, 1000))
        for figure, concurrency, seconds in MEASURED:
            figures[figure] = round(measure(folder, catalog, concurrency, seconds), 4)
            print(f"device busy {figures[figure]:.1%}: edits of {seconds} s, concurrency {concurrency}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
