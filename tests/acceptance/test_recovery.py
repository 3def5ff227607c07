"""A worker is killed and the broker is wiped in the middle of a job; it ends complete all the same."""

from __future__ import annotations

import os
import signal
import time

import pytest
from redis import Redis

ROWS = 100


@pytest.fixture
def catalog(spare, desk, request):
    """Rows that all differ, so that none is cached; the test's name keeps them apart from the other's."""
    folder = spare.home / request.node.name
    desk.draw(folder / "large.png", "teal", (640, 600))
    rows = [(n, "large.png", f'add the text "{request.node.name[-4:]} {n}" at the top') for n in range(ROWS)]
    return desk.write(folder / "catalog.csv", rows)


def succeeded(spare, job):
    return spare.ledger("SELECT count(*) FROM items WHERE job_id = ? AND state = 'succeeded'", job)[0][0]


def in_the_middle(spare, job, desk, state):
    """Wait until some are done, and some in that state."""
    query = "SELECT count(*) FROM items WHERE job_id = ? AND state = ?"
    desk.until(
        lambda: succeeded(spare, job) >= 5 and spare.ledger(query, job, state)[0][0],
        30,
        f"items to be {state}",
        pause=0.01,
    )
    assert succeeded(spare, job) < ROWS - 10


def recovery(spare, job, desk, began, which):
    """Seconds from the blow to the end of the first such edit; ledger and test share one clock here."""
    query = f"""SELECT min(ended_at) FROM attempts JOIN items ON items.id = item_id
                WHERE attempts.job_id = ? AND outcome = 'succeeded' AND started_at > ? AND {which}"""  # noqa: S608
    return desk.until(lambda: spare.ledger(query, job, began)[0][0], 45, "the first edit after it") - began


def complete(spare, job, desk):
    """Every row once, each with one attempt that succeeded, and the store agrees."""
    status = spare.wait(job)
    assert status["counts"]["succeeded"] == status["total"] == ROWS
    query = """SELECT item_id, sum(outcome = 'succeeded') AS good, count(*) AS number FROM attempts
               WHERE job_id = ? GROUP BY item_id"""
    attempts = spare.ledger(query, job)
    assert [row["good"] for row in attempts] == [1] * ROWS
    assert max(row["number"] for row in attempts) <= 3
    rows = desk.read(spare.results(job) / "results.csv")
    assert [row["id"] for row in rows] == [str(n) for n in range(ROWS)]
    assert len({row["qie_output"] for row in rows}) == ROWS
    found = spare.json("fsck")
    assert found["faults"] == []
    return attempts


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_is_replaced_and_no_row_is_lost_or_doubled(
    spare, catalog, desk, record_testsuite_property
):
    # Before the wait: a running edit takes less time than a look at all processes.
    (worker,) = desk.until(
        lambda: [pid for (pid, _), line in spare.processes().items() if "workers.app worker" in line],
        30,
        "the worker to start",
    )
    job = spare("submit", catalog).last
    in_the_middle(spare, job, desk, "running")
    began = time.time()
    os.kill(worker, signal.SIGKILL)
    first = recovery(spare, job, desk, began, "number = 1")
    again = recovery(spare, job, desk, began, "number > 1")
    complete(spare, job, desk)
    ends = spare.ledger("SELECT outcome, count(*) AS n FROM attempts WHERE job_id = ? GROUP BY outcome", job)
    assert {row["outcome"] for row in ends} == {"succeeded", "lost"}
    record_testsuite_property("seconds_from_kill_to_next_edit", round(first, 2))
    record_testsuite_property("seconds_from_kill_to_first_lost_item_edited", round(again, 2))


@pytest.mark.slow
def test_a_wiped_broker_is_filled_again_from_the_ledger(spare, catalog, desk, record_testsuite_property):
    job = spare("submit", catalog).last
    in_the_middle(spare, job, desk, "queued")
    with Redis.from_url(spare.config["broker_url"]) as broker:
        began = time.time()
        broker.flushall()
    seconds = recovery(spare, job, desk, began, "publishes > 1")
    attempts = complete(spare, job, desk)
    assert max(row["number"] for row in attempts) == 1
    record_testsuite_property("seconds_from_flushall_to_first_resent_item_edited", round(seconds, 2))
