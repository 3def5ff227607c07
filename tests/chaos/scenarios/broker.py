"""The broker goes away, loses its data, or comes back with old data, while items are edited."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

from qie_batch.model import ItemState
from qie_batch.queues.celery import EPOCH_KEY, queue_name
from tests.chaos.rig import wait_until
from tests.chaos.scenarios.verdict import judge
from tests.chaos.scenarios.verdict import rows as items_of

if TYPE_CHECKING:
    from redis import Redis

    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

ENGINE = "standin.engine"
Figures = dict[str, float | int]


def broker_wiped(make_rig: Rigs, *, full: bool) -> Figures:
    """broker wiped with its queue full"""
    queued, rows = (900, 1000) if full else (60, 80)
    with make_rig(environment={"QIE_WINDOW": "1000"}) as rig:
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all()
        wait_until(lambda: rig.succeeded(job_id) > 5, 60, lambda: rig.story(job_id))
        redis = rig.redis()
        waiting = redis.llen(queue_name(ENGINE))
        assert waiting >= queued, f"only {waiting} were queued"
        redis.flushall()
        republished = wait_until(lambda: redis.llen(queue_name(ENGINE)), 15, lambda: rig.story(job_id))
        rig.wait_closed(job_id, 240)
        return {"queued": waiting, "republished after s": round(republished, 1), **judge(rig, job_id)}


def stale_broker(make_rig: Rigs, *, full: bool) -> Figures:
    """broker killed and started on an old copy of its data"""
    rows, window = (1000, 600) if full else (120, 70)
    with make_rig(seconds=0.1, environment={"QIE_WINDOW": str(window)}) as rig:
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(2)
        wait_until(lambda: rig.succeeded(job_id) > 5, 60, lambda: rig.story(job_id))
        redis = rig.redis()
        epoch = redis.get(EPOCH_KEY)
        copy = rig.copy_broker()
        queued = _waiting(redis)
        # The copy lacks what is queued from here on, and has what is done from here on.
        wait_until(lambda: rig.succeeded(job_id) > window * 3 // 4, 240, lambda: rig.story(job_id))
        rig.kill_broker()
        finished = {row["id"] for row in items_of(rig, job_id) if row["state"] == ItemState.SUCCEEDED}
        rig.put_back_broker(copy)
        rig.start_broker()
        back = rig.ledger.clock.now()
        assert redis.get(EPOCH_KEY) == epoch
        _wait_claims(rig, job_id, since=back, workers=2, seconds=15)
        first = min(row["started_at"] for row in rig.attempts(job_id) if row["started_at"] > back)
        rig.wait_closed(job_id, 240)
        figures = judge(rig, job_id)
        assert figures["attempts"] == rows
        return {"replayed": len(queued & finished), "first claim after s": round(first - back, 1), **figures}


def _waiting(redis: Redis) -> set[str]:
    """The ids of the items whose messages the broker holds."""
    bodies = (json.loads(message)["body"] for message in redis.lrange(queue_name(ENGINE), 0, -1))
    return {json.loads(base64.b64decode(body))[0][0] for body in bodies}


def broker_killed(make_rig: Rigs, *, full: bool) -> Figures:
    """broker killed and started again"""
    rows, kills, workers = (2000, 10, 3) if full else (120, 2, 2)
    with make_rig(seconds=0.2) as rig:
        job_id = rig.submit(rig.catalog(rows))
        rig.start_all(workers)
        _wait_claims(rig, job_id, since=0.0, workers=workers, seconds=60)
        slowest = 0.0
        for _ in range(kills):
            down = rig.random.uniform(2, 20) if full else 2.0
            rig.kill_broker()
            time.sleep(down)  # the harm itself
            rig.start_broker()
            back = rig.ledger.clock.now()
            _wait_claims(rig, job_id, since=back, workers=workers, seconds=15)
            slowest = max(slowest, rig.ledger.clock.now() - back)
        rig.wait_closed(job_id, 300)
        names = {row["worker"] for row in rig.attempts(job_id)}
        return {
            "kills": kills,
            "slowest claim s": round(slowest, 1),
            "workers replaced": len(names) - workers,
            **judge(rig, job_id),
        }


def _wait_claims(rig: Rig, job_id: str, *, since: float, workers: int, seconds: float) -> None:
    """Until so many different workers have claimed an item since then."""

    def claimed() -> bool:
        return len({row["worker"] for row in rig.attempts(job_id) if row["started_at"] > since}) == workers

    wait_until(claimed, seconds, lambda: rig.story(job_id))


SCENARIOS = (broker_wiped, stale_broker, broker_killed)
