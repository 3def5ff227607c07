"""Everything at once, in an order that the seed decides: the same seed, the same harms."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.model import JobState
from tests.chaos.rig import wait_until
from tests.chaos.rigs import outcomes
from tests.chaos.scenarios.verdict import judge

if TYPE_CHECKING:
    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

ENGINE = "standin.engine"
WORKERS, CONTROLS = 3, 2
Figures = dict[str, float | int]

#: How often each comes, in the long form and in the short one: a killed store takes its time to come back.
OFTEN = {
    "kill a worker process": (8, 3),
    "kill a worker with its parent": (3, 1),
    "tell a worker to leave": (3, 1),
    "freeze a worker process": (3, 1),
    "kill a control": (4, 1),
    "kill the broker": (3, 1),
    "wipe the broker": (3, 1),
    "double every message": (3, 1),
    "take the database away": (3, 1),
    "kill the store": (2, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    what: str
    #: Since the harm before ended.
    after: float
    #: Which of its kind, counted round.
    which: int
    #: How long it lasts, where it does.
    seconds: float

    def __str__(self) -> str:
        return f"{self.after:.1f} s later {self.what} ({self.which}, {self.seconds:.1f} s)"


def script(seed: int, *, full: bool) -> list[Harm]:
    """All of OFTEN, shuffled."""
    dice = random.Random(seed)
    kinds = [what for what, (long, short) in OFTEN.items() for _ in range(long if full else short)]
    dice.shuffle(kinds)
    slow = 4.0 if full else 1.0
    return [
        Harm(
            what=what,
            after=dice.uniform(0.1, slow),
            which=dice.randrange(100),
            # A frozen worker outlives its lease of 3 s.
            seconds=4.0 if what.startswith("freeze") else dice.uniform(0.5, slow),
        )
        for what in kinds
    ]


def storm(make_rig: Rigs, *, full: bool) -> Figures:
    """storm of all of these"""
    rows, seconds = (5000, 0.02) if full else (150, 0.1)
    harms = script(make_rig.seed, full=full)
    print(f"storm, seed {make_rig.seed}:", *harms, sep="\n  ")  # noqa: T201 - to be replayed
    with make_rig(seconds=seconds) as rig:
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(WORKERS, CONTROLS)
        wait_until(lambda: rig.succeeded(job_id) > 5, 60, lambda: rig.story(job_id))
        done = 0
        for harm in harms:
            time.sleep(harm.after)
            if rig.progress(job_id).job.state is JobState.CLOSED:
                break
            _DO[harm.what](rig, harm)
            done += 1
        rig.wait_closed(job_id, 360)
        ends = outcomes(rig, job_id)
        return {
            "seed": make_rig.seed,
            "harms": done,
            "attempts lost": ends["lost"],
            "handed back": ends["preempted"],
            **judge(rig, job_id),
        }


def _kill_worker(rig: Rig, harm: Harm) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(_worker(rig, harm), signal.SIGKILL)


def _worker(rig: Rig, harm: Harm) -> int:
    """A Celery process; there may be none while all are being replaced."""
    wait_until(rig.worker_pids, 30)
    pids = rig.worker_pids()
    return pids[harm.which % len(pids)]


def _kill_parent(rig: Rig, harm: Harm) -> None:
    name = f"worker-{harm.which % WORKERS}"
    os.kill(rig.processes[name].pid, signal.SIGKILL)
    rig.processes[name].process.wait()
    rig.start("worker", name)


def _leave(rig: Rig, harm: Harm) -> None:
    name = f"worker-{harm.which % WORKERS}"
    rig.processes[name].stop(20)
    rig.start("worker", name)


def _freeze(rig: Rig, harm: Harm) -> None:
    pid = _worker(rig, harm)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(harm.seconds)
        os.kill(pid, signal.SIGCONT)


def _kill_control(rig: Rig, harm: Harm) -> None:
    name = f"control-{harm.which % CONTROLS}"
    os.kill(rig.processes[name].pid, signal.SIGKILL)
    rig.processes[name].process.wait()
    rig.start("control", name)


def _kill_broker(rig: Rig, harm: Harm) -> None:
    rig.kill_broker()
    time.sleep(harm.seconds)
    rig.start_broker()


def _wipe_broker(rig: Rig, _harm: Harm) -> None:
    rig.redis().flushall()


def _double(rig: Rig, _harm: Harm) -> None:
    wiring.queue(rig.settings).publish(ENGINE, rig.ledger.unclaimed(ENGINE, 0.0) * 3)


def _take_database(rig: Rig, harm: Harm) -> None:
    """Kill the server; SQLite, which has none, is locked."""
    if rig.postgres:
        rig.postgres.kill()
        time.sleep(harm.seconds)
        rig.postgres.start()
        return
    with rig.locked():
        time.sleep(harm.seconds)


def _kill_store(rig: Rig, harm: Harm) -> None:
    rig.kill_store()
    time.sleep(harm.seconds)
    rig.start_store()


_DO = {
    "kill a worker process": _kill_worker,
    "kill a worker with its parent": _kill_parent,
    "tell a worker to leave": _leave,
    "freeze a worker process": _freeze,
    "kill a control": _kill_control,
    "kill the broker": _kill_broker,
    "wipe the broker": _wipe_broker,
    "double every message": _double,
    "take the database away": _take_database,
    "kill the store": _kill_store,
}

SCENARIOS = (storm,)
