"""Messages doubled, clocks wrong, and control processes side by side."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from qie_batch import wiring
from qie_batch.ledger.tables import jobs, runs
from qie_batch.model import JobOrder, Outcome, RunState, Schedule
from tests.chaos.rig import wait_until
from tests.chaos.rigs import Impossible
from tests.chaos.scenarios.verdict import judge

if TYPE_CHECKING:
    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

ENGINE = "standin.engine"
HOUR = 3600
DAY = 24 * HOUR
Figures = dict[str, float | int]


def doubled(make_rig: Rigs, *, full: bool) -> Figures:
    """each message five times, 8 consumers"""
    rows, times = (1000 if full else 80), 5
    with make_rig(environment={"QIE_WINDOW": str(rows), "QIE_CONCURRENCY": "4"}) as rig:
        job_id = rig.submit(rig.catalog(rows))
        queue = wiring.queue(rig.settings)
        messages = rig.ledger.dispatch.unclaimed(ENGINE, 0.0) * (times - 1)
        rig.random.shuffle(messages)
        queue.publish(ENGINE, messages)
        assert queue.depth(ENGINE) == rows * times
        rig.start_all(workers=2)
        rig.wait_closed(job_id, 240)
        wait_until(lambda: queue.depth(ENGINE) == 0, 120, lambda: rig.story(job_id))
        figures = judge(rig, job_id)
        assert figures["attempts"] == rows
        return {"messages": rows * times, "consumers": 8, **figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nightly:
    """A schedule that is due, and its runs."""

    rig: Rig
    name: str

    @classmethod
    def due(cls, rig: Rig, catalog: Path, cron: str) -> _Nightly:
        """Added two days ago, as far as the ledger knows."""
        order = JobOrder(engine=ENGINE)
        schedule = Schedule(name="nightly", cron=cron, timezone="UTC", catalog=str(catalog), order=order)
        rig.ledger.schedules.add(schedule)
        with rig.ledger._db.write() as connection:
            connection.execute(text("UPDATE schedules SET created_at = created_at - 172800"))
        return cls(rig=rig, name=schedule.name)

    def runs(self) -> int:
        """Jobs of it."""
        with self.rig.ledger._db.read() as connection:
            return connection.scalar(select(func.count()).where(jobs.c.name == self.name)) or 0

    def taken(self) -> int:
        with self.rig.ledger._db.read() as connection:
            return connection.scalar(select(func.count()).select_from(runs)) or 0

    def job_ids(self) -> list[str]:
        runs_now = self.rig.ledger.schedules.latest_runs(self.name, limit=100)
        return [run.job_id for run in runs_now if run.state is RunState.SUBMITTED]

    def is_over(self) -> bool:
        """No run is being submitted."""
        states = {run.state for run in self.rig.ledger.schedules.latest_runs(self.name, limit=100)}
        return RunState.SUBMITTED in states and RunState.TAKEN not in states


def wrong_clock(make_rig: Rigs, *, full: bool) -> Figures:
    """one worker's clock, and one control's, +2 h, -2 h, +30 d, +10 min, -10 min"""
    if make_rig.database == "sqlite":
        raise Impossible("a SQLite ledger is on one host, and a host has one clock")
    totals: Counter[str] = Counter()
    # S3 refuses requests from a clock more than 15 minutes wrong, so only the last two clocks edit.
    offsets = (2 * HOUR, -2 * HOUR, 30 * DAY, HOUR // 6, -HOUR // 6) if full else (-HOUR // 6,)
    for offset in offsets:
        totals.update(_with_clock(make_rig, offset, 200 if full else 40))
    assert totals["nightly runs"] == len(offsets)
    return {"clocks": len(offsets), **totals}


def _with_clock(make_rig: Rigs, offset: int, rows: int) -> Counter[str]:
    with make_rig(seconds=0.2) as rig:
        # The due time is past by every clock, and tomorrow's is not here by the ledger's.
        nightly = _Nightly.due(rig, rig.catalog(5), _an_hour_ago(rig))
        job_id = rig.submit(rig.catalog(rows))
        wrong = {"LD_PRELOAD": str(_wrong_clock(rig.folder)), "QIE_CHAOS_CLOCK": str(offset)}
        for command in ("worker", "control"):
            rig.start(command, f"{command}-wrong", **wrong)
        rig.start_all(workers=1)
        rig.wait_closed(job_id, 120)
        wait_until(lambda: _submitted(rig, nightly), 60, lambda: rig.story(job_id))
        rig.wait_closed(nightly.job_ids()[0], 60)
        attempts = rig.attempts(job_id)
        lost = sum(row["outcome"] == Outcome.LOST for row in attempts)
        assert not lost
        assert nightly.runs() == nightly.taken() == 1
        figures = {"workers at work": len({row["worker"] for row in attempts}), "early sweeps": lost}
        return Counter({**figures, "nightly runs": nightly.runs(), **judge(rig, job_id)})


def _wrong_clock(folder: Path) -> Path:
    """The library; faketime would fake how fast time passes too, and Python's waits with it."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Impossible("there is no C compiler to build the wrong clock with")
    library = folder / "wrong_clock.so"
    source = Path(__file__).parents[1] / "wrong_clock.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def _submitted(rig: Rig, nightly: _Nightly) -> bool:
    """A control that S3 refuses keeps the run that it took for a lease of 15 minutes: expire that lease."""
    if not nightly.job_ids():
        _let_run_leases_expire(rig)
    return bool(nightly.job_ids())


def _an_hour_ago(rig: Rig) -> str:
    hour = time.gmtime(rig.ledger.clock.now() - 3600)
    return f"{hour.tm_min} {hour.tm_hour} * * *"


def two_controls(make_rig: Rigs, *, full: bool) -> Figures:
    """two controls side by side, killed and started again"""
    rows, kills = (600, 20) if full else (80, 3)
    with make_rig(environment={"QIE_WINDOW": "30"}) as rig:
        nightly = _Nightly.due(rig, rig.catalog(5), "* * * * *")
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(workers=2, controls=2)
        for kill in range(kills):
            wait_until(lambda part=kill: rig.succeeded(job_id) >= part * rows // kills, 120)
            name = f"control-{kill % 2}"
            rig.kill(name)
            time.sleep(rig.random.uniform(0, 1.0))  # the other control runs alone meanwhile
            rig.start("control", name)
        rig.wait_closed(job_id, 240)
        _let_run_leases_expire(rig)
        wait_until(nightly.is_over, 120, lambda: rig.story(job_id))
        rig.processes["control-1"].stop()
        for run in nightly.job_ids():
            rig.wait_closed(run, 60)
        assert nightly.runs() == len(set(nightly.job_ids())) == len(nightly.job_ids())
        figures = judge(rig, job_id)
        assert figures["attempts"] == rows
        return {"kills": kills, "slots": nightly.taken(), "slots run twice": 0, **figures}


def _let_run_leases_expire(rig: Rig) -> None:
    """Expire the 15-minute leases of controls that ended between taking a run and submitting the run."""
    with rig.ledger._db.write() as connection:
        connection.execute(text("UPDATE scheduled_runs SET lease_until = 0"))


SCENARIOS = (doubled, wrong_clock, two_controls)
