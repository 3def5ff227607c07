"""A PostgreSQL of one's own, to be killed and started again on the same data."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from tests.conftest import NOBODY, _postgres_answers, _postgres_binaries, _postgres_connection

if TYPE_CHECKING:
    from typing import Self

    import psycopg


class NoPostgres(Exception):
    """There are no binaries that this user may run."""


class Postgres:
    """Listens on 127.0.0.1 and trusts user postgres; leave the context and it is gone."""

    def __init__(self) -> None:
        self._user = NOBODY if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
        binaries = _postgres_binaries(self._user)
        if binaries is None:
            raise NoPostgres("no PostgreSQL binaries that this user may run")
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="qie-chaos-postgres-"))
        self.port = free_port()
        self._initialise()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()
        shutil.rmtree(self._folder)

    def _initialise(self) -> None:
        as_user = {}
        if self._user is not None:
            os.chown(self._folder, self._user, self._user)
            as_user = {"user": self._user, "group": self._user, "extra_groups": []}
        initdb = [self._binaries / "initdb", "-D", self._folder / "data", "-U", "postgres", "-A", "trust"]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **as_user,
        )

    def start(self) -> None:
        """Start, and wait until it answers: right after a kill its data may be held for a moment."""
        deadline = time.monotonic() + 60
        self._start_once()
        while not _postgres_answers(self.port):
            assert time.monotonic() < deadline, self._child.tail()
            if self._child.poll() is not None:
                self._start_once()
            time.sleep(0.1)

    def _start_once(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",  # the machine stays up: what was written is there after a kill
        }
        self._child = ChildProcess.start(
            "postgres",
            [
                str(self._binaries / "postgres"),
                *("-D", str(self._folder / "data")),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            env={"PATH": os.defpath},
            log_path=self._folder / "log",
            cwd=self._folder,
            user=self._user,
        )

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return self._child.pid

    def kill(self) -> None:
        """SIGKILL to the postmaster; its children see that and go."""
        os.kill(self.pid, signal.SIGKILL)
        self._child.process.wait()

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"chaos_{uuid.uuid4().hex}"
        with self.connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def connection(self) -> psycopg.Connection:
        return _postgres_connection(self.port)
