"""Real processes for fault injection: broker, store, workers and control, each killed and started alone."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from PIL import Image
from redis import Redis
from sqlalchemy import select, text

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.ledger.tables import attempts
from qie_batch.local import seaweedfs, valkey
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.model import ItemState, JobState
from qie_batch.settings import Settings
from qie_batch.steps.fsck import fsck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Progress
    from qie_batch.views import FsckView
    from tests.support.postgres import Postgres

REPOSITORY = Path(__file__).resolve().parents[2]

#: Short, so that recovery can be waited for; everything else is as in production.
QUICK = {
    "QIE_LEASE_SECONDS": "3",
    "QIE_TICK_SECONDS": "0.2",
    "QIE_GRACE_SECONDS": "5",
    "QIE_HANG_SECONDS": "3",
}


class Rig:
    """An embedded stack with processes that can be killed; all are stopped at the end of the context."""

    def __init__(
        self,
        folder: Path,
        ledger_url: str = "",
        *,
        seed: int = 0,
        seconds: float = 0.05,
        environment: Mapping[str, str] = {},
        postgres: Postgres | None = None,
    ) -> None:
        self.folder = folder
        #: Where the ledger is, None with SQLite: there to be killed.
        self.postgres = postgres
        self.seed = seed
        self.random = random.Random(seed)
        self.processes: dict[str, ChildProcess] = {}
        self._again: dict[str, Callable[[], ChildProcess]] = {}
        self._undo = contextlib.ExitStack()
        self.stack = self._undo.enter_context(Stack.start(folder / "stack"))
        self.broker, self.store_process = self.stack.children
        self._undo.callback(self._stop_replaced)
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "bench"),
            "QIE_DIR": str(self.stack.folder),
            "QIE_ENGINE": "standin.engine",
            # Which edits nothing, as a gate would say.
            "QIE_GATES": "off",
            "QIE_ENGINE_OPTIONS": json.dumps({"seconds": seconds, "steps": 4}),
            **({"QIE_LEDGER_URL": ledger_url} if ledger_url else {}),
            **QUICK,
            **environment,
        }
        self.settings = self._settings()
        schema.upgrade(wiring.database(self.settings))
        self.ledger: SqlLedger = wiring.ledger(self.settings)
        self.store = wiring.store(self.settings)
        self._undo.callback(self.ledger.dispose)
        self._undo.callback(self._kill_all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _settings(self) -> Settings:
        """The settings of the processes."""
        ours = {name: value for name, value in self.environment.items() if name.startswith("QIE_")}
        before = dict(os.environ)
        os.environ.update(ours)
        try:
            return Settings()
        finally:
            os.environ.clear()
            os.environ.update(before)

    # processes

    def start(
        self,
        command: str,
        name: str = "",
        *,
        prefix: Sequence[str] = (),
        module: str = "qie_batch",
        cwd: Path | None = None,
        **environment: str,
    ) -> ChildProcess:
        """`qie-batch COMMAND`, its log in the rig's folder; `prefix` wraps it (faketime).

        `cwd` is a checkout whose code runs, this one if None.
        """
        name = name or command
        child = ChildProcess.start(
            name,
            [*prefix, sys.executable, "-m", module, command],
            env={**self.environment, **environment},
            log_path=self.folder / f"{name}.log",
            cwd=cwd or REPOSITORY,
        )
        self.processes[name] = child
        self._again[name] = partial(
            self.start, command, name, prefix=prefix, module=module, cwd=cwd, **environment
        )
        return child

    def kill(self, name: str) -> None:
        """SIGKILL to the process of that name; of a worker, to the parent."""
        self.processes[name].process.kill()
        self.processes[name].process.wait()

    def start_again(self, name: str) -> None:
        """As it was started before."""
        self._again[name]()

    def start_all(self, workers: int = 3, controls: int = 1) -> None:
        for number in range(controls):
            self.start("control", f"control-{number}")
        for number in range(workers):
            self.start("worker", f"worker-{number}")

    def stop_all(self) -> None:
        for child in self.processes.values():
            child.terminate()
        for child in self.processes.values():
            child.wait_or_kill(20)
        self.processes.clear()

    def _kill_all(self) -> None:
        """Kill all processes at the end of a scenario; parents first, as they would replace workers."""
        pids = [child.pid for child in self.processes.values() if child.poll() is None]
        for pid in [*pids, *self.worker_pids()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for child in self.processes.values():
            child.process.wait()

    def worker_pids(self) -> list[int]:
        """The Celery processes: those that hold an engine."""
        pids = []
        for name, child in self.processes.items():
            if name.startswith("worker"):
                pids += children_of(child.pid)
        return pids

    # services

    def kill_broker(self) -> None:
        os.kill(self.broker.pid, signal.SIGKILL)
        self.broker.process.wait()

    def start_broker(self) -> None:
        config = self.stack.config
        port = int(config["broker_url"].rpartition(":")[2].partition("/")[0])
        password = config["broker_url"].partition("//:")[2].partition("@")[0]
        self.broker = valkey.start_valkey(
            self.stack.folder / "valkey", log_path=self.folder / "valkey.log", port=port, password=password
        )
        self.broker.wait_until(lambda: valkey.answers(config["broker_url"]), 20)

    def copy_broker(self) -> Path:
        """What the broker has on its disk now."""
        return shutil.copytree(self._broker_data, self.folder / f"broker-{self.random.randrange(10**9)}")

    def put_back_broker(self, copy: Path) -> None:
        """The broker that was killed has the data of that copy when it starts."""
        shutil.rmtree(self._broker_data)
        shutil.copytree(copy, self._broker_data)

    @property
    def _broker_data(self) -> Path:
        return self.stack.folder / "valkey" / "appendonlydir"

    def kill_store(self) -> None:
        os.kill(self.store_process.pid, signal.SIGKILL)
        self.store_process.process.wait()

    def start_store(self) -> None:
        config = self.stack.config
        ports = json.loads((self.stack.folder / "ports.json").read_text())
        keys = config["s3_access_key"], config["s3_secret_key"]
        self.store_process = seaweedfs.start_seaweedfs(
            self.stack.folder / "seaweedfs",
            log_path=self.folder / "seaweedfs.log",
            ports=ports,
            bucket=config["s3_bucket"],
            access_key=keys[0],
            secret_key=keys[1],
        )
        client = seaweedfs.probe(config["s3_endpoint"], *keys)
        self.store_process.wait_until(lambda: seaweedfs.has_bucket(client, config["s3_bucket"]), 60)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Block other writers of items by SQLite's write lock or PostgreSQL's strongest table lock."""
        with self.ledger._db.write() as connection:
            if self.postgres:
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                connection.execute(text("LOCK TABLE items IN ACCESS EXCLUSIVE MODE"))
            yield

    def can_write(self) -> bool:
        """Whether SQLite's write lock is free within a moment; PostgreSQL has none."""
        if self.postgres:
            return True
        try:
            with contextlib.closing(sqlite3.connect(self.ledger._db.engine.url.database, 0.5)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.rollback()
        except sqlite3.OperationalError:
            return False
        return True

    def redis(self) -> Redis:
        return Redis.from_url(self.stack.config["broker_url"])

    def _stop_replaced(self) -> None:
        for child in (self.broker, self.store_process):
            child.stop()

    # work

    def catalog(
        self,
        rows: int,
        pictures: int = 20,
        instructions: Mapping[int, str] = {},
        endings: Mapping[int, bytes] = {},
    ) -> Path:
        """Small pictures, every row another edit.

        `instructions` gives single rows one of their own, `endings` a picture of their own that ends so.
        """
        folder = self.folder / f"catalog-{rows}-{self.random.randrange(10**9)}"
        folder.mkdir()
        for number in range(pictures):
            pixels = self.random.randbytes(48 * 48 * 3)
            Image.frombytes("RGB", (48, 48), pixels).save(folder / f"{number}.png")
        files = {row: f"{row % pictures}.png" for row in range(rows)}
        for row, ending in endings.items():
            data = (folder / files[row]).read_bytes() + ending
            files[row] = f"of-row-{row}.png"
            (folder / files[row]).write_bytes(data)
        lines = [
            f"row-{row},{file},{instructions.get(row, f'stand in {row}')}" for row, file in files.items()
        ]
        path = folder / "catalog.csv"
        path.write_text("\n".join(["id,image,instruction", *lines]) + "\n")
        return path

    def submit(self, catalog: Path, *options: str, cwd: Path | None = None) -> str:
        done = self.command("submit", str(catalog), *options, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[-1]

    def command(
        self, *arguments: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "qie_batch", *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=cwd or REPOSITORY,
        )

    def progress(self, job_id: str) -> Progress:
        return self.ledger.costs.progress(job_id)

    def succeeded(self, job_id: str) -> int:
        return self.progress(job_id).counts[ItemState.SUCCEEDED]

    def wait_closed(self, job_id: str, seconds: float) -> Progress:
        wait_until(
            lambda: self.progress(job_id).job.state is JobState.CLOSED, seconds, lambda: self.story(job_id)
        )
        return self.progress(job_id)

    def fsck(self) -> FsckView:
        """The oracle of every scenario."""
        return fsck(wiring.fsck_context(self.settings, self.ledger), repair=False)

    def attempts(self, job_id: str) -> list[dict[str, Any]]:
        """Every attempt of a job, as rows."""
        with self.ledger._db.read() as connection:
            rows = connection.execute(select(attempts).where(attempts.c.job_id == job_id)).mappings().all()
        return [dict(row) for row in rows]

    def story(self, job_id: str) -> str:
        """What to read when a scenario fails."""
        logs = [
            f"--- {path.name}\n" + path.read_text(errors="replace")[-1500:]
            for path in self.folder.glob("*.log")
        ]
        return f"{self.progress(job_id)}\n" + "\n".join(logs)


def wait_until(ready: Callable[[], Any], seconds: float, story: Callable[[], str] = lambda: "") -> float:
    """Poll until the condition holds; the seconds that took. AssertionError, with details, on a timeout."""
    began = time.monotonic()
    while not ready():
        assert time.monotonic() - began < seconds, f"not within {seconds} s\n{story()}"
        time.sleep(0.05)
    return time.monotonic() - began


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP to the process and its descendants; SIGCONT at the end to those that still exist."""
    stopped: list[int] = []
    try:
        while fresh := [each for each in _family(pid) if each not in stopped]:  # it may just have forked
            stopped += fresh
            _tell(fresh, signal.SIGSTOP)
        yield
    finally:
        _tell(stopped, signal.SIGCONT)


def _tell(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _family(pid: int) -> list[int]:
    return [pid, *(each for child in children_of(pid) for each in _family(child))]


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
