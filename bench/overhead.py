"""Measures the host CPU of an edit, and how long an idle system takes to begin one.

The real broker, S3 server, ledger, worker and control; a stand-in engine that takes no time. Four figures:

* of 48-pixel images (almost no decoding or encoding), `overhead_ms`: the CPU of the worker with its decoder
  processes, and of control, less the CPU of the same requests to the store made alone;
* of JPEG photographs of 1.5 MP, `host_cpu_ms_lossless` and `host_cpu_ms_lossy`: the CPU of the worker with
  its decoder processes, codecs and transfers included, with PNG and with JPEG as the result;
* `s3_put_ms` and `s3_get_ms`: the CPU of the client for an object of one MiB, `s3_ms` their mean;
* `queue_wait_ms`: median from the entry of a job of one row to its claim, where nothing else waits.

`ratio_to_bare_celery` is items per second over tasks per second of a Celery worker that does nothing, with as
many threads, on the same broker after it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery
from duty import BENCH, draw_images
from process_cpu import cpu_by_name
from redis import Redis
from sqlalchemy import func, select
from standin.bare_celery import QUEUE
from store_cpu import object_ms, transfer_seconds

from qie_batch import wiring
from qie_batch.cli.display import wait
from qie_batch.ledger.database import Database
from qie_batch.ledger.tables import attempts, jobs
from qie_batch.model import JobOrder, OutputFormat, RowDefaults
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.submit import SubmitRequest, submit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.processes.embedded import Embedded
    from qie_batch.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spent:
    job_id: str
    #: By the name of the process.
    seconds: dict[str, float]

    def host_ms(self, items: int) -> float:
        """Of an item, on the host of the worker."""
        return 1000 * self.seconds["worker"] / items


def parts(catalog: Path, *sizes: int) -> list[Path]:
    """Manifests of so many rows each, beside the catalog, and one of the rows that are left."""
    header, *rows = catalog.read_text(encoding="utf-8").splitlines(keepends=True)
    made = []
    for number, size in enumerate((*sizes, len(rows) - sum(sizes))):
        made.append(catalog.with_name(f"part-{number}.csv"))
        made[-1].write_text(header + "".join(rows[:size]), encoding="utf-8")
        rows = rows[size:]
    return made


def items_per_second(settings: Settings, job_id: str) -> float:
    """From the first claim to the last end of the job's attempts."""
    with Database(settings.ledger_url.get_secret_value()).read() as connection:
        first, last, number = connection.execute(
            select(func.min(attempts.c.started_at), func.max(attempts.c.ended_at), func.count()).where(
                attempts.c.job_id == job_id
            )
        ).one()
    return float(number / (last - first))


def tasks_per_second(settings: Settings, threads: int, tasks: int) -> float:
    """Of bare Celery: from the sending of so many tasks to the end of the last."""
    broker = settings.broker_url.get_secret_value()
    environment = {**os.environ, "QIE_BARE_BROKER": broker}
    command = ["celery", "--app", "standin.bare_celery", "worker", "--pool", "threads"]
    options = ["--concurrency", str(threads), "--loglevel", "ERROR", "--hostname", "bare@%h"]
    worker = subprocess.Popen([sys.executable, "-m", *command, *options], env=environment)
    app = Celery("bare", broker=broker, set_as_current=False)
    redis = Redis.from_url(broker)
    try:
        for number in (20, tasks):  # the first are to find the worker warm
            began = time.monotonic()
            with app.producer_pool.acquire() as producer:
                for index in range(number):
                    app.send_task("bare.nothing", (str(index),), queue=QUEUE, producer=producer)
            while redis.llen(QUEUE) or redis.hlen("unacked"):
                time.sleep(0.005)
            seconds = time.monotonic() - began
    finally:
        worker.terminate()
        worker.wait(30)
        app.close()
    return tasks / seconds


def run_job(catalog: Path, settings: Settings, ledger: SqlLedger, output: OutputFormat) -> str:
    """Submit, and wait for the end; the job's id."""
    order = JobOrder(defaults=RowDefaults(output=output))
    request = SubmitRequest(address=str(catalog), order=order)
    submitted = submit(request, wiring.submit_context(settings, ledger))
    wait(ledger.costs, submitted.job_id)
    return submitted.job_id


def cpu_of_job(catalog: Path, embedded: Embedded, ledger: SqlLedger, output: OutputFormat) -> _Spent:
    """The CPU of each process from the submit to the end of the last item."""
    before = cpu_by_name(embedded.processes)
    job_id = run_job(catalog, embedded.settings, ledger, output)
    after = cpu_by_name(embedded.processes)
    return _Spent(job_id=job_id, seconds={name: after[name] - before[name] for name in after})


def queue_wait_ms(catalogs: Iterable[Path], settings: Settings, ledger: SqlLedger) -> float:
    """Median over jobs of one row, one at a time."""
    ids = [run_job(catalog, settings, ledger, OutputFormat.AUTO) for catalog in catalogs]
    joined = attempts.join(jobs, jobs.c.id == attempts.c.job_id)
    query = select(attempts.c.started_at - jobs.c.created_at).select_from(joined).where(jobs.c.id.in_(ids))
    with Database(settings.ledger_url.get_secret_value()).read() as connection:
        return 1000 * statistics.median(connection.scalars(query))


def measure(folder: Path, items: int, photos: int) -> dict[str, float]:
    """All figures; those of the bare worker come last, when ours is stopped."""
    small = draw_images(folder / "small", items + 30, (48, 48))
    large = draw_images(folder / "large", photos + 3, (1500, 1000))
    warm, *singles, rest = parts(small, 10, *(1 for _ in range(20)))
    first, photographs = parts(large, 3)
    with embedded_stack(folder / "stack", "standin.engine") as embedded:
        settings = embedded.settings
        ledger = wiring.ledger(settings)
        for catalog in (warm, first):
            run_job(catalog, settings, ledger, OutputFormat.AUTO)
        overhead = cpu_of_job(rest, embedded, ledger, OutputFormat.AUTO)
        lossless = cpu_of_job(photographs, embedded, ledger, OutputFormat.PNG)
        lossy = cpu_of_job(photographs, embedded, ledger, OutputFormat.JPEG)
        waited = queue_wait_ms(singles, settings, ledger)
        store = wiring.store(settings)
        moved = 1000 * transfer_seconds(store, items) / items
        put, get = object_ms(store)
        rate = items_per_second(settings, overhead.job_id)
        ledger.dispose()
        for child in embedded.processes:
            if child.name in ("worker", "control"):
                child.stop()
        bare = tasks_per_second(settings, settings.concurrency, 10 * items)
    worker, control = (1000 * overhead.seconds[name] / items for name in ("worker", "control"))
    return {
        "worker_ms": worker,
        "control_ms": control,
        "transfer_ms": moved,
        "overhead_ms": worker + control - moved,
        "host_cpu_ms_lossless": lossless.host_ms(photos),
        "host_cpu_ms_lossy": lossy.host_ms(photos),
        "s3_put_ms": put,
        "s3_get_ms": get,
        "s3_ms": (put + get) / 2,
        "queue_wait_ms": waited,
        "items_per_second": rate,
        "bare_celery_per_second": bare,
        "ratio_to_bare_celery": rate / bare,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--photos", type=int, default=60)
    arguments = parser.parse_args()
    sys.path.insert(0, str(BENCH))  # the stand-in engine
    os.environ |= {"PYTHONPATH": str(BENCH), "QIE_ENGINE_OPTIONS": json.dumps({"seconds": 0.0, "steps": 1})}
    os.environ["QIE_GATES"] = "off"  # bench/gates.py measures them
    with tempfile.TemporaryDirectory(prefix="qie-overhead-") as name:
        figures = measure(Path(name), arguments.items, arguments.photos)
    for name, figure in figures.items():
        print(f"{name:24} {figure:10.3f}")
    if arguments.json:
        print(json.dumps({name: round(figure, 3) for name, figure in figures.items()}))


if __name__ == "__main__":
    main()
