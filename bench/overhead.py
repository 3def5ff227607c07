"""Measures the host CPU of one item besides decoding, encoding and transfer.

A stand-in engine that takes no time, 48-pixel images (almost no decoding or encoding), the real broker, S3
server, ledger, worker and control. `overhead_ms` is the CPU of the worker with its decoder processes, and of
control, less the CPU of the same requests to the store made alone. `ratio_to_bare_celery` is items per second
over tasks per second of a Celery worker that does nothing, with as many threads, on the same broker after it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery
from duty import BENCH, draw_images
from redis import Redis
from sqlalchemy import func, select
from standin.bare_celery import QUEUE

from qie_batch import wiring
from qie_batch.cli.display import wait
from qie_batch.ledger.database import Database
from qie_batch.ledger.tables import attempts
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
            rate = items_per_second(settings, submitted.job_id)
            ledger.dispose()
            for child in processes:
                if child.name in ("worker", "control"):
                    child.stop()
            bare = tasks_per_second(settings, settings.concurrency, 10 * items)
    worker, control = (1000 * spent[name] / items for name in ("worker", "control"))
    moved = 1000 * transfer / items
    print(f"CPU an item: worker {worker:.1f} ms, control {control:.1f} ms; {moved:.1f} ms of it is transfer")
    print(f"{rate:.1f} items/s, bare Celery {bare:.0f} tasks/s, ratio {rate / bare:.3f}")
    if parser.parse_args().json:
        figures = {"worker_ms": worker, "control_ms": control, "transfer_ms": moved}
        figures["overhead_ms"] = worker + control - moved
        figures |= {"items_per_second": rate, "ratio_to_bare_celery": rate / bare}
        print(json.dumps({key: round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
