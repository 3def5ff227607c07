"""A fleet that shrinks, loses spot machines, and is upgraded, in the middle of a job."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from typing import TYPE_CHECKING

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.model import Outcome
from tests.chaos.rig import REPOSITORY, Rig, wait_until
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
    with make_rig(seconds=EDIT_SECONDS, environment={"QIE_GRACE_SECONDS": "4"}) as rig:
        rig.start_all(workers=WORKERS)
        job = rig.submit(rig.catalog(60 * times))
        wait_until(lambda: rig.succeeded(job), START_SECONDS, lambda: rig.story(job))
        for number in range(times):
            done = rig.succeeded(job)
            name = f"worker-{rig.random.randrange(WORKERS)}"
            leave(rig, name, job, reclaimed=number % 2 == 1)
            rig.start_again(name)
            wait_until(lambda done=done: rig.succeeded(job) > done + 10, 60, lambda: rig.story(job))
        rig.wait_closed(job, 60 * times)
        figures = judge(rig, job)
        repeated = sum(is_repeated(attempt) for attempt in rig.attempts(job))
    assert repeated < 0.01 * figures["results"] or not full, repeated
    return {
        "machines taken away": times,
        "edits": figures["results"],
        "edits repeated": repeated,
        "lost": figures["lost"],
        "double effects": figures["double effects"],
    }


def leave(rig: Rig, name: str, job: str, *, reclaimed: bool) -> None:
    """SIGTERM; a machine that is reclaimed is gone at the end of its notice, whatever runs there."""
    parent = rig.processes.pop(name)
    told = time.monotonic()
    parent.terminate()
    wait_until(lambda: parent.poll() is not None, NOTICE_SECONDS + 20, lambda: rig.story(job))
    if reclaimed:
        assert time.monotonic() - told < NOTICE_SECONDS, "the notice was over"


def is_repeated(attempt: dict[str, Any]) -> bool:
    """The device worked on it, and another attempt had to do it again."""
    return attempt["outcome"] != Outcome.SUCCEEDED and attempt["seconds"] > 0


def upgrade(make_rig: Callable[..., Rig], *, full: bool) -> Figures:
    """an upgrade in the middle of a job: the ledger migrated under the old code's workers, then replaced"""
    rows = 1000 if full else 300
    with make_rig(seconds=0.2) as rig:
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
        wait_until(lambda: rig.succeeded(job) > before + rows // 20, 120, lambda: rig.story(job))
        refused = rig.command("status", cwd=old)
        assert "this version needs r0007" in refused.stderr, refused.stderr
        for name in ("worker-0", "worker-1", "control"):
            leave(rig, name, job, reclaimed=False)
            rig.start(name.partition("-")[0], f"new-{name}")
        rig.wait_closed(job, 300)
        figures = judge(rig, job)
        attempts = rig.attempts(job)
    return {
        "rows": rows,
        "seconds of the migration": round(seconds, 1),
        "edits by old workers on the new ledger": rows // 20,
        "edits repeated": sum(map(is_repeated, attempts)),
        "crashes charged": sum(attempt["outcome"] == Outcome.LOST for attempt in attempts),
        "lost": figures["lost"],
        "double effects": figures["double effects"],
    }


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
