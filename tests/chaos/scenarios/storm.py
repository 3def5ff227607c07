"""All faults in an order that the seed decides, reproducibly.

Two are left out: a full disk would stop everything else, and a worker whose clock is wrong only waits, since
S3 refuses its requests.
"""

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
from tests.chaos.proxy import BadRoad
from tests.chaos.rig import REPOSITORY, frozen, wait_until
from tests.chaos.rigs import outcomes
from tests.chaos.scenarios.accidents import TRICKS
from tests.chaos.scenarios.verdict import judge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

ENGINE = "standin.engine"
WORKERS, CONTROLS = 3, 2
#: Seconds for which a worker process is frozen, longer than its lease of 3 s.
FREEZE_SECONDS = 3.5
Figures = dict[str, float | int]

#: How often each comes, in the long form and in the short one: a killed store takes its time to come back.
OFTEN = {
    "kill a worker process": (8, 1),
    "kill a worker with its parent": (3, 1),
    "tell a worker to leave": (3, 1),
    "freeze a worker process": (3, 1),
    "kill a control": (4, 1),
    "kill the broker": (3, 1),
    "wipe the broker": (3, 1),
    "double every message": (3, 1),
    "take the database away": (3, 1),
    "kill the store": (2, 0),
    "freeze the broker": (2, 1),
    "freeze the store": (2, 1),
}

#: Rows that cause a fault: their number, long and short, and the error code of those that fail.
DRILLS = {
    "out of memory": (20, 2, ""),
    "card error": (3, 0, "poison"),
    "hang": (3, 0, "poison"),
    "die": (3, 1, "poison"),
    # A loop in a decoder takes its 2 s of CPU: too long for the short form.
    **{trick: (2, int(trick != "loop"), code) for trick, code in TRICKS.items()},
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
    slow = 4.0 if full else 0.5

    def lasts(what: str) -> float:
        return FREEZE_SECONDS if what == "freeze a worker process" else dice.uniform(0.1 * slow, slow)

    return [
        Harm(what=what, after=dice.uniform(0.1, slow), which=dice.randrange(100), seconds=lasts(what))
        for what in kinds
    ]


def drills(seed: int, rows: int, *, full: bool) -> dict[int, str]:
    """All of DRILLS, by row; none among the last, so that each has neighbours."""
    dice = random.Random(seed)
    kinds = [what for what, (long, short, _) in DRILLS.items() for _ in range(long if full else short)]
    return dict(zip(dice.sample(range(rows * 3 // 4), len(kinds)), kinds, strict=True))


def storm(make_rig: Rigs, *, full: bool) -> Figures:
    """storm of all of these"""
    rows, seconds, stall = (5000, 0.02, 2.0) if full else (120, 0.1, 0.5)
    harms, rigged = script(make_rig.seed, full=full), drills(make_rig.seed, rows, full=full)
    print(f"storm, seed {make_rig.seed}:", *harms, rigged, sep="\n  ")  # noqa: T201 - to be replayed
    environment = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'bench'}"}
    with (
        make_rig(seconds=seconds, environment=environment) as rig,
        BadRoad(rig.stack.config["s3_endpoint"], rig.seed, stall) as road,
    ):
        job_id = rig.submit(_catalog(rig, rows, rigged))
        _start_all(rig, road)
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
        codes = {f"row-{row}": DRILLS[what][2] for row, what in rigged.items() if DRILLS[what][2]}
        return {
            "seed": make_rig.seed,
            "harms": done,
            "rows that did harm": len(rigged),
            "failed with a reason": len(codes),
            "store requests spoilt": sum(road.met.values()) - road.met["passed"],
            "attempts lost": ends["lost"],
            "handed back": ends["preempted"],
            **judge(rig, job_id, failed=codes),
        }


def _catalog(rig: Rig, rows: int, rigged: dict[int, str]) -> Path:
    """Each rigged row has a picture of its own: no two of them share a result."""
    return rig.catalog(
        rows,
        instructions={row: what for row, what in rigged.items() if what not in TRICKS},
        endings={row: f"{row} {what}".encode() for row, what in rigged.items()},
    )


def _start_all(rig: Rig, road: BadRoad) -> None:
    """Workers whose decoders can be broken, the first of them behind the bad road."""
    for number in range(CONTROLS):
        rig.start("control", f"control-{number}")
    for number in range(WORKERS):
        variables = {"QIE_FAILPOINT": str(rig.folder / "failpoint")}  # which is not there
        if number == 0:
            variables["QIE_S3_ENDPOINT"] = road.url
        rig.start("worker", f"worker-{number}", module="tests.chaos.failpoints", **variables)


def _kill_worker(rig: Rig, harm: Harm) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(_worker(rig, harm), signal.SIGKILL)


def _worker(rig: Rig, harm: Harm) -> int:
    """A Celery process; there may be none while all are being replaced."""
    pids: list[int] = []
    wait_until(lambda: pids.extend(rig.worker_pids()) or pids, 30)
    return pids[harm.which % len(pids)]


def _kill_parent(rig: Rig, harm: Harm) -> None:
    name = f"worker-{harm.which % WORKERS}"
    rig.kill(name)
    rig.start_again(name)


def _leave(rig: Rig, harm: Harm) -> None:
    name = f"worker-{harm.which % WORKERS}"
    rig.processes[name].stop(20)
    rig.start_again(name)


def _freeze(rig: Rig, harm: Harm) -> None:
    services = {"freeze the broker": rig.broker, "freeze the store": rig.store_process}
    pid = services[harm.what].pid if harm.what in services else _worker(rig, harm)
    with frozen(pid):
        time.sleep(harm.seconds)


def _kill_control(rig: Rig, harm: Harm) -> None:
    name = f"control-{harm.which % CONTROLS}"
    rig.kill(name)
    rig.start_again(name)


def _kill_broker(rig: Rig, harm: Harm) -> None:
    rig.kill_broker()
    time.sleep(harm.seconds)
    rig.start_broker()


def _wipe_broker(rig: Rig, _harm: Harm) -> None:
    rig.redis().flushall()


def _double(rig: Rig, _harm: Harm) -> None:
    wiring.queue(rig.settings).publish(ENGINE, rig.ledger.dispatch.unclaimed(ENGINE, 0.0) * 3)


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
    "freeze the broker": _freeze,
    "freeze the store": _freeze,
}

SCENARIOS = (storm,)
