"""A fleet that shrinks, loses spot machines, and is upgraded, in the middle of a job."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import tarfile
import time
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.model import JobState, Outcome
from tests.chaos.rig import REPOSITORY, Rig, children_of, wait_until
from tests.chaos.rigs import Impossible
from tests.chaos.scenarios.verdict import START_SECONDS, judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Figures = dict[str, float | int]

EDIT_SECONDS = 0.4
#: Of a spot machine that is taken away: more than an edit, as two minutes are.
NOTICE_SECONDS = 6.0
WORKERS = 4
#: The schema that the old code is of, and the one after it.
OLD, NEXT = "r0007", "r0008"


def take_machines(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """scale-in and spot machines taken away with notice, while a job runs: edits repeated"""
    times = 40 if full else 3
    taken = killed = 0
    with make_rig(seconds=EDIT_SECONDS, environment={"QIE_GRACE_SECONDS": "4"}) as rig:
        rig.start_all(workers=WORKERS)
        job = rig.submit(rig.catalog(60 * times))
        wait_until(lambda: rig.succeeded(job), START_SECONDS, lambda: rig.story(job))
        for number in range(times):
            done = rig.succeeded(job)
            name = f"worker-{rig.random.randrange(WORKERS)}"
            killed += leave(rig, name, job, reclaimed=number % 2 == 1)
            taken += not is_closed(rig, job)
            rig.start_again(name)
            wait_until(lambda done=done: passed(rig, job, done + 10), 60, lambda: rig.story(job))
        rig.wait_closed(job, 60 * times)
        figures = judge(rig, job)
        repeated = sum(is_repeated(attempt) for attempt in rig.attempts(job))
    assert taken >= times * 0.7, f"the job ended after {taken} of {times}"
    assert repeated < 0.01 * figures["results"] or not full, repeated
    return {
        "machines taken away": taken,
        "killed at the end of their notice": killed,
        "edits": figures["results"],
        "edits repeated": repeated,
        "lost": figures["lost"],
        "double effects": figures["double effects"],
    }


def leave(rig: Rig, name: str, job: str, *, reclaimed: bool) -> bool:
    """SIGTERM; whether the machine was gone, and what still ran there with it, at the end of its notice."""
    parent = rig.processes.pop(name)
    workers = children_of(parent.pid)
    began = time.monotonic()
    parent.terminate()
    limit = NOTICE_SECONDS if reclaimed else START_SECONDS
    wait_until(
        lambda: parent.poll() is not None or (reclaimed and time.monotonic() - began > limit),
        limit + 5,
        lambda: rig.story(job),
    )
    if parent.poll() is not None:
        return False
    for pid in (parent.pid, *workers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    parent.process.wait()
    return True


def is_closed(rig: Rig, job: str) -> bool:
    return rig.progress(job).job.state is JobState.CLOSED


def passed(rig: Rig, job: str, number: int) -> bool:
    """So many items have succeeded, or there are no more."""
    return rig.succeeded(job) > number or is_closed(rig, job)


def is_repeated(attempt: dict[str, Any]) -> bool:
    """The device may have worked on it, and another attempt had to do it again.

    The seconds of a lost attempt are those of its last heartbeat, often none.
    """
    unfinished = attempt["outcome"] != Outcome.SUCCEEDED
    return unfinished and (attempt["seconds"] > 0 or attempt["outcome"] == Outcome.LOST)


def upgrade(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """an upgrade in the middle of a job: the ledger migrated under the old code's workers, then replaced"""
    rows = 600 if full else 300
    with make_rig(seconds=EDIT_SECONDS) as rig:
        old = old_code(rig.folder / "old")
        migrate(rig, OLD)
        for name in ("control", "worker-0", "worker-1"):
            rig.start(name.partition("-")[0], name, cwd=old)
        job = rig.submit(rig.catalog(rows), cwd=old)
        wait_until(lambda: rig.succeeded(job) > rows // 20, 120, lambda: rig.story(job))
        began = time.monotonic()
        migrated = rig.command("db", "upgrade")
        seconds = time.monotonic() - began
        assert migrated.returncode == 0, migrated.stderr
        before = rig.succeeded(job)
        wait_until(lambda: passed(rig, job, before + rows // 20), 120, lambda: rig.story(job))
        by_old = rig.succeeded(job) - before
        assert not is_closed(rig, job), "the job ended before the old workers were replaced"
        for name in ("worker-0", "worker-1", "control"):
            leave(rig, name, job, reclaimed=False)
            rig.start(name.partition("-")[0], f"{name.partition('-')[0]}-new-{name}")
        rig.wait_closed(job, 300)
        refuse_old(rig, old, job)
        figures = judge(rig, job)
        attempts = rig.attempts(job)
    return {
        "rows": rows,
        "seconds of `db upgrade`": round(seconds, 1),
        "edits by old workers on the new ledger": by_old,
        "edits repeated": sum(map(is_repeated, attempts)),
        "crashes charged": sum(attempt["outcome"] == Outcome.LOST for attempt in attempts),
        "lost": figures["lost"],
        "double effects": figures["double effects"],
    }


def refuse_old(rig: Rig, old: Path, job: str) -> None:
    """No process of the old code starts on the new ledger; a worker's parent says so and tries again."""
    sentence = f"this version needs {OLD}"
    refused = rig.command("status", cwd=old)
    assert sentence in refused.stderr, refused.stderr
    rig.start("worker", "worker-late", cwd=old)
    wait_until(lambda: sentence in log_of(rig, "worker-late"), START_SECONDS, lambda: rig.story(job))
    leave(rig, "worker-late", job, reclaimed=False)


def log_of(rig: Rig, name: str) -> str:
    return (rig.folder / f"{name}.log").read_text(errors="replace")


def migrate(rig: Rig, revision: str) -> None:
    """Take the ledger back to that schema."""
    from alembic import command  # noqa: PLC0415 - half a second

    database = wiring.database(rig.settings)
    with database.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    assert schema.current(database) == revision
    database.engine.dispose()


def old_code(folder: Path) -> Path:
    """A checkout of the last commit that was written for the old schema."""
    line = f'NEWEST = "{NEXT}"'
    found = _git("log", "--format=%H", f"-S{line}", "--", "qie_batch/ledger/schema.py").split()
    if not found:
        raise Impossible(f"this clone does not have the commit that came before schema {NEXT}")
    packed = _git("archive", "--format=tar", f"{found[-1].decode()}^")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    """What git answers; Impossible without a clone that has the history."""
    try:
        done = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Impossible("git is not installed") from error
    if done.returncode:
        raise Impossible(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


SCENARIOS = (take_machines, upgrade)
