"""Frozen services that keep their connections open, so that only timeouts end a wait."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING

from qie_batch.model import Outcome
from qie_batch.processes.contract import EXIT_RESTART
from tests.chaos.rig import frozen, wait_until
from tests.chaos.scenarios.verdict import START_SECONDS, judge, rows, worker_of

if TYPE_CHECKING:
    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

WORKERS = 2
#: Seconds from SIGCONT until every thread of every worker has an item again.
AGAIN_SECONDS = 15.0
#: Which call blocks on the frozen broker, and which one a resumed database answers first, is random.
TIMES = 3
Figures = dict[str, float | int]


def freeze_services(make_rig: Rigs, *, full: bool) -> Figures:
    """broker, store, then PostgreSQL frozen for 40 s and woken, while items are edited"""
    size, seconds = (600, 40.0) if full else (260, 5.0)
    with make_rig(seconds=0.2) as rig:
        job = rig.submit(rig.catalog(size))
        rig.start_all(WORKERS)
        wait_until(lambda: all_at_work(rig, job, since=0.0), START_SECONDS, lambda: rig.story(job))
        services = [*[rig.broker.pid] * TIMES, rig.store_process.pid]
        if rig.postgres:
            services += [rig.postgres.pid] * TIMES
        slowest = max(freeze(rig, job, pid, seconds) for pid in services)
        assert rig.progress(job).done < size, "there was no work left after the last of them"
        rig.wait_closed(job, 240)
        charged = sum(row["crashes"] for row in rows(rig, job))
        assert charged == 0, f"{charged} crashes charged"
        exits = exit_codes(rig)
        assert set(exits) <= {EXIT_RESTART}, exits
        figures = judge(rig, job)
    return {
        "freezes": len(services),
        "seconds each": seconds,
        "slowest claim s": round(slowest, 1),
        "workers replaced": len(exits),
        "crashes charged": charged,
        **figures,
    }


def freeze(rig: Rig, job: str, pid: int, seconds: float) -> float:
    """Seconds from SIGCONT until the slowest worker's first claim, once all threads of all workers edit."""
    before = rig.succeeded(job)
    wait_until(lambda: rig.succeeded(job) > before + 10, START_SECONDS, lambda: rig.story(job))
    with frozen(pid):
        time.sleep(seconds)  # the harm itself
    back = rig.ledger.clock.now()
    wait_until(lambda: all_at_work(rig, job, since=back), AGAIN_SECONDS, lambda: rig.story(job))
    first: dict[str, float] = {}
    for attempt in rig.attempts(job):
        if attempt["started_at"] > back:
            first[attempt["worker"]] = min(attempt["started_at"], first.get(attempt["worker"], float("inf")))
    return max(first.values()) - back


def all_at_work(rig: Rig, job: str, *, since: float) -> bool:
    """Whether every thread of every worker has an item claimed since then, so that none is blocked."""
    held = Counter(
        attempt["worker"]
        for attempt in rig.attempts(job)
        if attempt["outcome"] == Outcome.RUNNING and attempt["started_at"] > since
    )
    workers = [worker_of(pid) for pid in rig.worker_pids()]
    return len(workers) == WORKERS and all(held[worker] == rig.settings.concurrency for worker in workers)


def exit_codes(rig: Rig) -> list[int]:
    """Of the worker processes that were replaced, as their parents say."""
    logs = [log.read_text() for log in rig.folder.glob("worker-*.log")]
    return [int(code) for log in logs for code in re.findall(r"ended with code (-?\d+)", log)]


SCENARIOS = (freeze_services,)
