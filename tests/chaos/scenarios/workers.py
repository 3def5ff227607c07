"""Faults of worker processes: killed, frozen, terminated, orphaned."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from qie_batch.model import Outcome
from tests.chaos.rig import REPOSITORY, children_of, wait_until
from tests.chaos.scenarios.points import POINTS
from tests.chaos.scenarios.verdict import (
    LATE_SECONDS,
    START_SECONDS,
    agree,
    count,
    held_by,
    is_gone,
    judge,
    p95,
    rows,
    variable,
    worker_of,
)
from tests.support.ledgers import new_items, new_job, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.rig import Rig

    Figures = dict[str, float | int]


def kill_workers(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """kill -9 of workers in the middle of their items, every fifth time together with their parent"""
    kills, size, edit_seconds = (50, 1000, 0.3) if full else (8, 120, 0.05)
    with make_rig(seconds=edit_seconds) as rig:
        rig.start_all(workers=3)
        job = rig.submit(rig.catalog(size))
        began, held = time.monotonic(), {}
        for number in range(kills):
            wait_until(
                lambda due=size * number // (kills + 1): rig.succeeded(job) >= due,
                START_SECONDS,
                lambda: rig.story(job),
            )
            worker, items = kill_one(rig, job, with_parent=number % 5 == 4)
            held[worker] = (time.time(), items)
        rig.wait_closed(job, 600)
        wall = time.monotonic() - began
        assert wall < 600
        figures = judge(rig, job)
        recoveries = list(recovered(rig, job, held))
        most = max(row["crashes"] for row in rows(rig, job))
    return {
        "kills": kills,
        **figures,
        "seconds": wall,
        "p95 seconds to run again": p95(recoveries),
        "most crashes charged to an item": most,
    }


def kill_one(rig: Rig, job: str, *, with_parent: bool) -> tuple[str, list[str]]:
    """Kill a worker process that has items in hand; its name and their ids. A lost parent is replaced."""
    victims: list[tuple[int, str, list[str]]] = []

    def busy() -> bool:
        for pid in rig.worker_pids():
            worker = worker_of(pid)
            items = [row["id"] for row in held_by(rig, job, worker)]
            if items:
                victims.append((pid, worker, items))
        return bool(victims)

    wait_until(busy, START_SECONDS, lambda: rig.story(job))
    pid, worker, items = rig.random.choice(victims)
    if with_parent:
        name = next(name for name, child in rig.processes.items() if pid in children_of(child.pid))
        rig.processes[name].process.kill()
    os.kill(pid, signal.SIGKILL)
    if with_parent:
        rig.processes.pop(name).process.wait()
        rig.start("worker", name)
    return worker, items


def recovered(rig: Rig, job: str, held: dict[str, tuple[float, list[str]]]) -> Iterator[float]:
    """Seconds from the end of a worker until each of its items ran again."""
    attempts = {(attempt["item_id"], attempt["number"]): attempt for attempt in rig.attempts(job)}
    for (item_id, number), attempt in attempts.items():
        if attempt["outcome"] == Outcome.LOST:
            died, _ = held[attempt["worker"]]
            yield attempts[item_id, number + 1]["started_at"] - died


def freeze_workers(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """worker frozen beyond its lease, then woken"""
    times = 10 if full else 1
    fenced = 0
    with make_rig(seconds=0.4, environment={"QIE_HANG_SECONDS": "60"}) as rig:
        rig.start_all(workers=2)
        for _ in range(times):
            job = rig.submit(rig.catalog(12))
            pid = freeze(rig, job)
            try:
                rig.wait_closed(job, 60)  # the other worker does all of it
            finally:
                os.kill(pid, signal.SIGCONT)
            lost = [attempt for attempt in rig.attempts(job) if attempt["outcome"] == Outcome.LOST]
            assert {attempt["worker"] for attempt in lost} == {worker_of(pid)}
            fenced += len(lost)
            wait_until(lambda due=fenced: said_fenced(rig) == due, 20, lambda job=job: rig.story(job))
            judge(rig, job)
        job = rig.submit(rig.catalog(24))  # those who were woken go on working
        rig.wait_closed(job, 60)
        assert {attempt["worker"] for attempt in rig.attempts(job)} == set(map(worker_of, rig.worker_pids()))
        judge(rig, job)
    return {"frozen": times, "fenced": fenced, "double effects": 0}


def freeze(rig: Rig, job: str) -> int:
    """Freeze a worker process with an item on its device; its pid.

    Not one that has SQLite's write lock: all other writers would wait until the process resumes or is killed.
    """
    while True:
        pid = wait_for_edit(rig, job)
        os.kill(pid, signal.SIGSTOP)
        if rig.can_write():
            return pid
        os.kill(pid, signal.SIGCONT)


def freeze_for_good(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """worker frozen with all its threads, as by a driver that hangs, and never woken"""
    times = 10 if full else 2
    limit, seconds = 3.0, []
    with make_rig(seconds=0.4, environment={"QIE_HANG_SECONDS": str(limit)}) as rig:
        rig.start_all(workers=1)
        job = rig.submit(rig.catalog(12 * times))
        for _ in range(times):
            pid = wait_for_edit(rig, job)
            os.kill(pid, signal.SIGSTOP)
            seconds.append(wait_until(lambda pid=pid: is_gone(pid), limit + LATE_SECONDS))
        rig.wait_closed(job, 120)
        found = rows(rig, job)
        figures = judge(rig, job)
    return {
        "frozen": times,
        "most seconds until it is killed": max(seconds),
        "most crashes charged to an item": max(row["crashes"] for row in found),
        **figures,
    }


def said_fenced(rig: Rig) -> int:
    """Attempts that a worker logged as fenced."""
    return sum(log.read_text().count(": fenced, ") for log in rig.folder.glob("worker-*.log"))


#: An edit of so many steps, in seconds: too long for the budget, and short enough for it.
STEPS = 100
PLANS = ((15, 60.0), (30, 3.0), (120, 160.0), (15, 3.0), (30, 60.0), (120, 3.0))


def terminate_workers(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """SIGTERM with 15, 30 and 120 s, rolling"""
    times = 30 if full else 4
    path = f"{REPOSITORY}:{REPOSITORY / 'bench'}"
    with make_rig(environment={"QIE_ENGINE": "tests.chaos.scenarios.diffusion", "PYTHONPATH": path}) as rig:
        rig.start("control")
        job = rig.submit(with_steps(rig.catalog(6 * times)))
        plans = list(islice(cycle(PLANS), times))
        start_leaving(rig, 0, *plans[0])
        leaves = []
        for number, (budget, seconds) in enumerate(plans):
            if number + 1 < times:
                start_leaving(rig, number + 1, *plans[number + 1])
            leaves.append(terminate(rig, job, f"worker-{number}", budget, seconds))
        assert all(row["crashes"] == 0 == row["errors"] for row in rows(rig, job))
        rig.start("worker", "worker-last", QIE_ENGINE_OPTIONS=json.dumps({"seconds": 0.02, "steps": STEPS}))
        rig.wait_closed(job, 120)
        figures = judge(rig, job)
        outcomes = [attempt["outcome"] for attempt in rig.attempts(job)]
        assert set(outcomes) == {Outcome.SUCCEEDED, Outcome.PREEMPTED}
    return {
        "SIGTERM": times,
        "SIGKILL": 0,
        "crashes charged": 0,
        "finished in time": sum(leave.finished for leave in leaves),
        "handed back": outcomes.count(Outcome.PREEMPTED),
        "most seconds to hand back": max(leave.handed_back for leave in leaves),
        "most seconds to end": max(leave.ended for leave in leaves),
        "lost": figures["lost"],
        "double effects": figures["double effects"],
    }


class Leave(NamedTuple):
    """How a worker left: seconds since SIGTERM, less what the step took that it was in."""

    finished: int
    handed_back: float
    ended: float


def terminate(rig: Rig, job: str, name: str, budget: int, seconds: float) -> Leave:
    """SIGTERM in the middle of an edit: it is finished if it fits, and all others are handed back at once."""
    parent = rig.processes.pop(name)
    wait_until(lambda: children_of(parent.pid), START_SECONDS, lambda: rig.story(job))
    (pid,) = children_of(parent.pid)
    worker = worker_of(pid)
    wait_until(lambda: editing(rig, job, worker), START_SECONDS, lambda: rig.story(job))
    held = {row["id"] for row in held_by(rig, job, worker)}
    told = time.time()
    parent.terminate()
    ended = wait_until(lambda: parent.poll() is not None, budget - 3, lambda: rig.story(job))
    assert parent.poll() == 0
    assert is_gone(pid)
    ends = [row for row in rig.attempts(job) if row["worker"] == worker and row["item_id"] in held]
    finished = [row for row in ends if row["outcome"] == Outcome.SUCCEEDED]
    back = [row["ended_at"] - told for row in ends if row["outcome"] == Outcome.PREEMPTED]
    assert back
    assert bool(finished) == (seconds < budget)
    step = 0.0 if finished else seconds / STEPS
    assert max(back) - step < 2.0, back
    return Leave(len(finished), max(back) - step, ended)


def start_leaving(rig: Rig, number: int, budget: int, seconds: float) -> None:
    options = json.dumps({"seconds": seconds, "steps": STEPS})
    rig.start("worker", f"worker-{number}", QIE_GRACE_SECONDS=str(budget), QIE_ENGINE_OPTIONS=options)


def kill_parents(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """kill -9 of the parent of two cards, which is started again at once"""
    times = 5 if full else 1
    seconds = []
    with make_rig(seconds=1.0, environment={"CUDA_VISIBLE_DEVICES": "0,1"}) as rig:
        rig.start("control")
        job = rig.submit(rig.catalog(16 * times))
        start_parent(rig, 0)
        for number in range(times):
            wait_for_edit(rig, job)
            parent = rig.processes.pop(f"worker-{number}")
            orphans = children_of(parent.pid)
            began = time.monotonic()
            parent.process.kill()
            parent.process.wait()
            start_parent(rig, number + 1)
            wait_until(lambda orphans=orphans: alone_on_cards(rig) and all(map(is_gone, orphans)), 15)
            wait_until(lambda: alone_on_cards(rig) and len(rig.worker_pids()) == 2, START_SECONDS)
            seconds.append(time.monotonic() - began)
        rig.wait_closed(job, 120)
        assert alone_on_cards(rig)
        assert all(row["crashes"] == 0 for row in rows(rig, job))
        figures = judge(rig, job)
    return {"killed": times, "most seconds to two new processes": max(seconds), "two on a card": 0, **figures}


def start_parent(rig: Rig, number: int) -> None:
    rig.start("worker", f"worker-{number}", TMPDIR=str(rig.folder))  # where the locks of the cards are


def alone_on_cards(rig: Rig) -> bool:
    """No two of this rig's Celery processes have the same card; AssertionError if two do."""
    cards = Counter(
        variable(pid, "CUDA_VISIBLE_DEVICES")
        for pid in (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
        if variable(pid, "QIE_WORKER_NAME")
        and variable(pid, "TMPDIR") == str(rig.folder)
        and not is_gone(pid)
        and leads_session(pid)
    )
    assert all(number == 1 for number in cards.values()), cards
    return True


def leads_session(pid: int) -> bool:
    """False for a fork of the process that is about to execute a decoder process."""
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def fail_points(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """kill -9 just before and after claim, heartbeat, put, every end in the ledger, and ack"""
    runs = 20 if full else 1
    points = POINTS if full else ("claim after", "put_new after", "succeed before", "acknowledge before")
    found: Counter[str] = Counter()
    began = time.monotonic()
    with make_rig(seconds=0.2, environment={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'bench'}"}) as rig:
        rig.start("control")
        armed = rig.folder / "failpoint"
        for number in range(2):
            name = f"worker-{number}"
            rig.start("worker", name, module="tests.chaos.failpoints", QIE_FAILPOINT=str(armed))
        for run in range(runs):
            jobs = []
            for point in points:
                # A process that leaves hands back only what it holds and cannot finish.
                spare = 60 if point.startswith("release") else 0
                jobs.append(job := enter_drills(rig, f"drill-{run}-{len(jobs)}", spare))
                arm(armed, point)
                wait_until(
                    lambda job=job: fired(rig, armed, job), START_SECONDS, lambda job=job: rig.story(job)
                )
            for job in jobs:
                rig.wait_closed(job, START_SECONDS)
                assert all(row["crashes"] <= 1 for row in rows(rig, job))
                found += Counter(count(rig, job, failed={"sku-1": "refused"}))
            agree(rig)
    return {
        "points": len(points),
        "runs": runs,
        "lost": 0,
        "double effects": 0,
        "attempts": found["attempts"],
        "seconds": time.monotonic() - began,
    }


DRILLS = ("out of memory", "refuse", "stand in", "stand by", "stand up", "stand out")


def enter_drills(rig: Rig, job: str, spare: int) -> str:
    """A job of a few rows that meets every ending, entered without the command line, which takes a second."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (32, 32), rig.random.randbytes(32 * 32 * 3)).save(picture, "PNG")
    sha256 = hashlib.sha256(picture.getvalue()).hexdigest()
    rig.store.put(f"inputs/{sha256}", picture.getvalue(), "image/png")
    engine = rig.settings.engine
    every = [*DRILLS, *(f"stand {number}" for number in range(spare))]
    new = new_job(job, engine=engine)
    lines = ["id,image,instruction", *(f"sku-{row},a.png,{drill}" for row, drill in enumerate(every))]
    rig.store.put(new.manifest_key, "\n".join(lines).encode(), "text/csv")
    drills = (spec("", inputs=(sha256,), engine=engine, instruction=drill) for drill in every)
    assert rig.ledger.intake.add_job(new, new_items(*drills))
    return job


def arm(armed: Path, point: str) -> None:
    armed.with_suffix(".fired").unlink(missing_ok=True)
    armed.with_suffix(".new").write_text(point)
    armed.with_suffix(".new").rename(armed)


def fired(rig: Rig, armed: Path, job: str) -> bool:
    """Whether a process died at the armed point; for `release`, a busy one is told to leave first."""
    if armed.exists() and armed.read_text().startswith("release"):
        pid = wait_for_edit(rig, job)
        os.kill(pid, signal.SIGTERM)
        # One that could finish all it had is followed by another.
        wait_until(lambda: not armed.exists() or is_gone(pid), START_SECONDS, lambda: rig.story(job))
    return armed.with_suffix(".fired").exists()


def with_steps(catalog: Path) -> Path:
    """The same catalog, every row with its number of steps."""
    header, *lines = catalog.read_text().splitlines()
    catalog.write_text("\n".join([f"{header},steps", *(f"{line},{STEPS}" for line in lines)]) + "\n")
    return catalog


def wait_for_edit(rig: Rig, job: str) -> int:
    """The pid of a worker process with an item of the job on its device."""
    pids: list[int] = []

    def edits() -> bool:
        pids[:] = [pid for pid in rig.worker_pids() if editing(rig, job, worker_of(pid))]
        return bool(pids)

    wait_until(edits, START_SECONDS, lambda: rig.story(job))
    return rig.random.choice(pids)


def editing(rig: Rig, job: str, worker: str) -> bool:
    """Whether it has taken a step of an item, as far as its heartbeats say."""
    return any(row["step"] for row in held_by(rig, job, worker))


SCENARIOS = (kill_workers, freeze_workers, freeze_for_good, terminate_workers, kill_parents, fail_points)
