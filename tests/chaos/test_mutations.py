"""Mutation tests: without the epoch rule, a fence or a second check by the sweep, a test fails.

Each rule has a small test here; a copy of the package with the rule taken out must fail it, by an assertion,
and the untouched copy must pass it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from qie_batch.ledger.sql import SqlLedger
from qie_batch.model import RunState, Schedule
from qie_batch.steps.schedule import RUN_LEASE_SECONDS, run, run_job_id
from qie_batch.steps.sweep import MESSAGE_GRACE
from tests.chaos.world import Broker
from tests.support.ledgers import (
    WORKER,
    Clock,
    Interrupted,
    add,
    open_ledger,
    result_of,
    scheduling,
    start,
    sweep,
    told,
    used,
)

CHECKOUT = Path(__file__).resolve().parents[2]


class Mutation(NamedTuple):
    file: str
    text: str
    #: What stands there instead.
    mutant: str
    #: The test that must fail then.
    killer: str


LOOK_AGAIN = "unchanged = (items.c.id == row.id, items.c.attempt == row.attempt, *late)"
MUTATIONS = {
    "no epoch": Mutation(
        "steps/sweep.py",
        "new_broker = dispatch.remember_epoch(queue.epoch())",
        "new_broker = False",
        "test_a_wiped_broker_is_filled_at_once",
    ),
    "no fence": Mutation(
        "ledger/attempts.py",
        "        items.c.attempt == attempt.number,\n",
        "",
        "test_a_fenced_attempt_does_not_end_the_attempt_after_its_own",
    ),
    "no second look": Mutation(
        "ledger/recovery.py",
        LOOK_AGAIN,
        "unchanged = (items.c.id == row.id,)",
        "test_what_ended_after_the_sweep_looked_stays_ended",
    ),
    "no second look at the horizon": Mutation(
        "ledger/recovery.py",
        LOOK_AGAIN,
        LOOK_AGAIN.replace("*late", "late[0]"),
        "test_what_was_renewed_after_the_sweep_looked_is_kept",
    ),
    "no second look at the attempt": Mutation(
        "ledger/recovery.py",
        LOOK_AGAIN,
        LOOK_AGAIN.replace("items.c.attempt == row.attempt, ", ""),
        "test_a_later_attempt_is_not_taken_for_the_one_the_sweep_saw",
    ),
    "no final state of a run": Mutation(
        "ledger/schedules.py",
        "                runs.c.state != RunState.SUBMITTED,\n",
        "",
        "test_a_control_whose_lease_expired_does_not_end_the_run_again",
    ),
}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock)
    yield ledger
    ledger.dispose()


@pytest.fixture
def interrupted(clock, ledger):
    database = Interrupted(ledger._db.engine.url.render_as_string(), clock)
    yield SqlLedger(database)
    database.engine.dispose()


def test_a_wiped_broker_is_filled_at_once(ledger, clock):
    """The messages are younger than the grace, so only the epoch shows that they are lost."""
    broker = Broker()
    add(ledger, *"abc")
    messages = ledger.dispatch.enqueue("classic", 9, {})
    broker.publish("classic", messages)
    ledger.dispatch.published([message.item_id for message in messages])
    sweep(ledger, broker)
    broker.replace([])
    clock.turn(MESSAGE_GRACE / 2)
    assert sweep(ledger, broker) == 3
    assert broker.messages == messages


def test_a_fenced_attempt_does_not_end_the_attempt_after_its_own(ledger, clock):
    add(ledger, "red")
    fenced = start(ledger, lease=60)
    clock.turn(61)
    ledger.recovery.expire_leases()
    holder = start(ledger, lease=60)
    assert ledger.attempts.renew(fenced, 600, 9, used(61.0)) is False
    assert ledger.attempts.succeed(fenced, result_of(fenced), used(61.0)) is False
    assert told(ledger) == "r"
    assert ledger.attempts.succeed(holder, result_of(holder), used(1.0)) is True


def test_what_ended_after_the_sweep_looked_stays_ended(ledger, interrupted, clock):
    add(ledger, "red")
    attempt = start(ledger, lease=60)
    clock.turn(61)
    interrupted._db.meanwhile = lambda: ledger.attempts.succeed(attempt, result_of(attempt), used(61.0))
    assert (interrupted.recovery.expire_leases(), told(ledger)) == (0, "S")


def test_what_was_renewed_after_the_sweep_looked_is_kept(ledger, interrupted, clock):
    add(ledger, "red")
    attempt = start(ledger, lease=60)
    clock.turn(61)
    interrupted._db.meanwhile = lambda: ledger.attempts.renew(attempt, 60, 9, used(61.0))
    assert (interrupted.recovery.expire_leases(), told(ledger)) == (0, "r")


def test_a_later_attempt_is_not_taken_for_the_one_the_sweep_saw(ledger, interrupted, clock):
    """The sweep was paused while another one recovered the item and the item's next worker ended as well."""
    add(ledger, "red")
    start(ledger, lease=60)
    clock.turn(61)

    def one_more_is_lost():
        ledger.recovery.expire_leases()
        start(ledger, lease=60)
        ledger.recovery.release_worker(WORKER.name)

    interrupted._db.meanwhile = one_more_is_lost
    assert (interrupted.recovery.expire_leases(), told(ledger)) == (0, "r")
    assert list(ledger.audit.contradictions()) == []


def test_a_control_whose_lease_expired_does_not_end_the_run_again(ledger, clock):
    """Otherwise the first control would find the job of the same run open and end the run as skipped."""
    nightly = Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog="catalog.csv")
    assert ledger.schedules.take_run("nightly", 0.0, RUN_LEASE_SECONDS)
    clock.turn(RUN_LEASE_SECONDS + 1)
    assert ledger.schedules.take_run("nightly", 0.0, RUN_LEASE_SECONDS)
    for _ in ("the second control", "the first"):
        run(nightly, 0.0, scheduling(ledger, lambda _schedule, job_id: add(ledger, "red", job_id=job_id)))
    (ended,) = ledger.schedules.latest_runs("nightly")
    assert (ended.state, ended.job_id) == (RunState.SUBMITTED, run_job_id(nightly, 0.0))


@pytest.mark.slow
def test_each_rule_is_missed_when_it_is_gone(tmp_path):
    copies = {
        name: _copy(tmp_path / name.replace(" ", "-"), mutation) for name, mutation in MUTATIONS.items()
    }
    with ThreadPoolExecutor(2) as pool:
        runs = dict(
            zip(
                copies, pool.map(lambda name: _run(copies[name], MUTATIONS[name].killer), copies), strict=True
            )
        )
    for name, done in runs.items():
        assert done.returncode == pytest.ExitCode.TESTS_FAILED, (
            f"{name} survived:\n{done.stdout}{done.stderr}"
        )
        assert "AssertionError" in done.stdout, f"{name} died of something else:\n{done.stdout}"


@pytest.mark.slow
def test_nothing_is_missed_when_all_are_there(tmp_path):
    killers = sorted(mutation.killer for mutation in MUTATIONS.values())
    done = _run(_copy(tmp_path / "whole"), *killers)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert f"{len(killers)} passed" in done.stdout


def _copy(folder: Path, mutation: Mutation | None = None) -> Path:
    """A copy of the package with one rule removed."""
    for part in ("qie_batch", "migrations", "tests", "pyproject.toml"):
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(
                source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.ttf", "*.png")
            )
        else:
            shutil.copy(source, folder / part)
    if mutation:
        path = folder / "qie_batch" / mutation.file
        text = path.read_text()
        assert text.count(mutation.text) == 1, f"{mutation.file} does not say this once: {mutation.text}"
        path.write_text(text.replace(mutation.text, mutation.mutant))
    return folder


def _run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """These tests of this file against the copy, which goes before the editable install."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    where = subprocess.run(
        [sys.executable, "-c", "import qie_batch; print(qie_batch.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(where.strip()).is_relative_to(folder)
    here = Path(__file__).relative_to(CHECKOUT)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--noconftest",
            "-p",
            "no:cacheprovider",
            *(f"{here}::{test}" for test in tests),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
