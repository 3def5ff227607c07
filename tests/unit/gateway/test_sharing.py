from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from qie_batch.errors import Unavailable
from qie_batch.gateway.sharing import RecentProgress, RecentWorkers, Turns
from tests.support.jobs import progress


class Counted:
    """Costs that count how often they are asked."""

    def __init__(self):
        self.asked = 0

    def progress(self, job_id):
        self.asked += 1
        return progress({"pending": 1}, job={"id": job_id})


def test_a_job_is_read_once_however_many_ask():
    costs, recent = Counted(), RecentProgress(seconds=60)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: recent.of("job", costs, "acme"), range(50)))
    assert (costs.asked, {each.progress.job.id for each in found}) == (1, {"job"})


def test_what_is_known_is_given_without_the_ledger_and_only_to_its_owner():
    costs, recent = Counted(), RecentProgress(seconds=60)
    assert recent.known("job", "acme") is None
    read = recent.of("job", costs, "acme")
    assert recent.known("job", "acme") is read
    assert json.loads(read.json)["job"] == "job"
    assert recent.known("job", "other") is None
    assert costs.asked == 1


def test_each_owner_is_asked_for():
    costs, recent = Counted(), RecentProgress(seconds=60)
    recent.of("job", costs, "acme")
    recent.of("job", costs, "other")
    assert costs.asked == 2


def test_a_changed_job_is_read_anew():
    costs, recent = Counted(), RecentProgress(seconds=60)
    recent.of("job", costs, "acme")
    recent.forget("job")
    recent.of("job", costs, "acme")
    assert costs.asked == 2


def test_who_waits_too_long_for_a_turn_is_told_so():
    turns, entered, end = Turns(1, wait_seconds=0.05), threading.Event(), threading.Event()

    def hold():
        with turns.one():
            entered.set()
            end.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    with pytest.raises(Unavailable, match="too many catalogs"), turns.one():
        pass
    end.set()
    holder.join()
    with turns.one():
        pass


def test_worker_processes_are_asked_once_however_many_look():
    asked = []
    recent = RecentWorkers(lambda seconds: asked.append(seconds) or (), seconds=60)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(recent.ask, [1.0] * 50)) == {()}
    assert asked == [1.0]
