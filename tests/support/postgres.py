"""A private PostgreSQL server that tests kill and start again on the same data."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess

if TYPE_CHECKING:
    from typing import Self

NOBODY = 65534


class NoPostgres(Exception):
    """There are no binaries that this user may run."""


class Postgres:
    """Listens on 127.0.0.1 and trusts user postgres; stopped at the end of the context."""

    def __init__(self, *, durable: bool = False) -> None:
        """A durable one waits for the disk at each commit, as servers do by default."""
        self._durable = durable
        self._user = unprivileged()
        self._binaries = binaries(self._user)
        # Not below tmp_path, which only the user of the tests may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="qie-postgres-"))
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
        """Start, and wait until the server answers; after a kill its data may stay locked for a moment."""
        deadline = time.monotonic() + 60
        self._start_once()
        while not self._answers():
            assert time.monotonic() < deadline, self._child.tail()
            if self._child.poll() is not None:
                self._start_once()
            time.sleep(0.1)

    def _start_once(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            # Off, a kill of the server loses no written data while the machine runs.
            "fsync": "on" if self._durable else "off",
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
        """SIGKILL to the postmaster, after which its children exit."""
        os.kill(self.pid, signal.SIGKILL)
        self._child.process.wait()

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"test_{uuid.uuid4().hex}"
        with self.connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database of `new_database` and close its connections."""
        with self.connection() as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def connection(self) -> psycopg.Connection:
        return psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=3",
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self.connection().close()
        except psycopg.OperationalError:
            return False
        return True


def unprivileged() -> int | None:
    """The user of the server, as PostgreSQL refuses to run as root; None is the user of the tests."""
    return NOBODY if os.getuid() == 0 else None


def binaries(user: int | None) -> Path:
    """The first folder whose postgres that user may run."""
    wheel = importlib.util.find_spec("pgserver")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel is not None else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        try:
            subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, user=user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return folder
    raise NoPostgres("neither pgserver's PostgreSQL nor the system's can be run by this user")
