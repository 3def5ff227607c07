"""A run of the product to which the simulation is held: real broker, store, ledger, control and workers.

The engine is a stand-in that waits. Jobs and interactive edits enter at times of their own; when each item
entered, was claimed, was on the device and closed comes from the ledger and from the log of the engine.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from duty import draw_images
from sqlalchemy import select

from qie_batch import wiring
from qie_batch.ledger.tables import attempts, items, jobs
from qie_batch.local.process import ChildProcess
from qie_batch.model import JobOrder, Priority, RowDefaults
from qie_batch.processes.contract import child_environment
from qie_batch.processes.embedded import embedded_stack
from qie_batch.steps.dispatch import dispatch_interactive
from qie_batch.steps.submit import SubmitRequest, submit
from simulation.costs import count

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings
    from simulation.costs import Costs

ENGINE = "standin.engine"
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What enters when, in seconds from the end of the warm-up."""

    workers: int
    #: Of one edit on the device.
    seconds: float
    #: When each job enters, and its items.
    jobs: tuple[tuple[float, int], ...]
    #: When each interactive edit enters.
    asked: tuple[float, ...]

    @property
    def edits(self) -> int:
        return sum(number for _, number in self.jobs) + len(self.asked)


def plan(workers: int, seconds: float, minutes: float, interactive: float) -> Plan:
    """Two jobs of 35 % of what the workers can do in this time each, and a share of interactive edits."""
    chance, length = random.Random(0), 60.0 * minutes
    number = int(0.35 * length * workers / seconds)
    most = int(interactive * length * workers / seconds)
    asked = sorted(chance.uniform(0.0, 0.9 * length) for _ in range(most))
    return Plan(
        workers=workers, seconds=seconds, jobs=((0.0, number), (0.3 * length, number)), asked=tuple(asked)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One item of the run, in seconds since 1970."""

    job: str
    interactive: bool
    entered: float
    claimed: float
    started: float
    finished: float
    closed: float


class Driver:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.ledger: SqlLedger = wiring.ledger(settings)
        self._dispatching = wiring.dispatch_context(settings, self.ledger)
        self._submitting = wiring.submit_context(settings, self.ledger)
        self._catalog = draw_images(folder / "image", 1, (256, 256))
        self._submitted = 0

    def submit(self, name: str, number: int, *, interactive: bool = False) -> None:
        self._submitted += 1
        catalog = self._catalog.with_name(f"{self._submitted}.csv")
        rows = [f"{name}-{row},0.jpg,{name}-{row}\n" for row in range(number)]
        catalog.write_text("".join(["id,image,instruction\n", *rows]), encoding="utf-8")
        priority = Priority.INTERACTIVE if interactive else Priority.NORMAL
        order = JobOrder(name=name, priority=priority, defaults=RowDefaults())
        submit(SubmitRequest(address=str(catalog), order=order), self._submitting)
        if interactive:
            dispatch_interactive(ENGINE, self._dispatching)

    def wait(self, log: Path, edits: int) -> None:
        """Until so many edits have ended, and a moment more for their closing."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(_lines(log)) < edits:
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"the run did not end within {PATIENCE_SECONDS:.0f} s; look into {log.parent}"
                )
            time.sleep(0.5)
        time.sleep(2.0)

    def edits(self, log: Path) -> list[Edit]:
        offset = time.time() - time.monotonic()
        spans = {of: (start + offset, end + offset) for start, end, of in _lines(log)}
        query = (
            select(items.c.row_id, items.c.job_id, items.c.priority, jobs.c.created_at)
            .add_columns(attempts.c.started_at, attempts.c.ended_at)
            .join_from(items, jobs)
            .join(attempts, attempts.c.item_id == items.c.id)
            .order_by(jobs.c.created_at, items.c.ordinal)
        )
        with wiring.database(self.settings).read() as connection:
            rows = connection.execute(query).all()
        return [
            Edit(
                job=row.job_id,
                interactive=row.priority == Priority.INTERACTIVE,
                entered=row.created_at,
                claimed=row.started_at,
                started=spans[row.row_id][0],
                finished=spans[row.row_id][1],
                closed=row.ended_at,
            )
            for row in rows
        ]


def run(of: Plan, folder: Path) -> tuple[list[Edit], Costs]:
    """All edits but those of the warm-up, and what they cost the servers."""
    log = folder / "edits.jsonl"
    os.environ["QIE_ENGINE_OPTIONS"] = json.dumps({"seconds": of.seconds, "log": str(log)})
    os.environ["QIE_GATES"] = "off"
    with embedded_stack(folder / "stack", ENGINE) as embedded, ExitStack() as undo:
        settings = embedded.settings
        for number in range(1, of.workers):
            more = ChildProcess.start(
                f"worker-{number}",
                [sys.executable, "-m", "qie_batch", "worker"],
                env=child_environment(settings.dir),
                log_path=folder / f"worker-{number}.log",
            )
            undo.callback(more.stop, settings.grace_seconds)
        driver = Driver(settings, folder)
        _wait_for_workers(settings, of.workers)
        warm = 3 * of.workers
        driver.submit("warm", warm)
        driver.wait(log, warm)
        _enter(of, driver)
        driver.wait(log, warm + of.edits)
        edits, costs = driver.edits(log)[warm:], count(embedded)
        driver.ledger.dispose()
    return edits, costs


def _wait_for_workers(settings: Settings, number: int) -> None:
    queue, deadline = wiring.queue(settings), time.monotonic() + PATIENCE_SECONDS
    while len(queue.live_workers(1.0)) < number:
        if time.monotonic() > deadline:
            raise SystemExit(f"{number} workers did not start within {PATIENCE_SECONDS:.0f} s")


def _enter(of: Plan, driver: Driver) -> None:
    began = time.monotonic()
    entries = [(at, f"job{at:.0f}", number, False) for at, number in of.jobs]
    entries += [(at, f"asked{index}", 1, True) for index, at in enumerate(of.asked)]
    for at, name, number, interactive in sorted(entries):
        time.sleep(max(0.0, began + at - time.monotonic()))
        driver.submit(name, number, interactive=interactive)


def _lines(log: Path) -> list[tuple[float, float, str]]:
    if not log.exists():
        return []
    return [tuple(json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines()]
