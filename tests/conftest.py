"""Real services for every test that asks: started once a session on free ports, stopped by pid."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest
from redis import Redis

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.stores.s3 import create_bucket, s3_client

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


class S3(NamedTuple):
    client: Any
    bucket: str


@pytest.fixture(scope="session")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack.start(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def s3_endpoint_client(stack):
    config = stack.config
    return s3_client(config["s3_endpoint"], "us-east-1", config["s3_access_key"], config["s3_secret_key"])


@pytest.fixture
def s3(s3_endpoint_client) -> Iterator[S3]:
    """An empty bucket; removed afterwards, since each takes one of SeaweedFS's volumes."""
    bucket = f"test-{uuid.uuid4().hex}"
    create_bucket(s3_endpoint_client, bucket)
    yield S3(s3_endpoint_client, bucket)
    s3_endpoint_client.delete_bucket(Bucket=bucket)


_databases = itertools.cycle(range(1, 16))  # 0 is the stack's own


@pytest.fixture
def broker_url(stack) -> str:
    """A database of the embedded Valkey, empty at the start."""
    url = stack.config["broker_url"].rpartition("/")[0] + f"/{next(_databases)}"
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def postgres() -> Iterator[int]:
    """The port of a PostgreSQL on 127.0.0.1 that trusts user postgres."""
    user = NOBODY if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    binaries = _postgres_binaries(user)
    if binaries is None:
        pytest.skip("no PostgreSQL binaries that this user may run: neither pgserver's nor the system's")
    # Not below tmp_path, which only the user of the tests may enter.
    folder = Path(tempfile.mkdtemp(prefix="qie-postgres-"))
    try:
        if user is not None:
            os.chown(folder, user, user)
        data, port = folder / "data", free_port()
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        as_user = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, cwd=folder, **as_user)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
        }
        child = ChildProcess.start(
            "postgres",
            [
                str(binaries / "postgres"),
                "-D",
                str(data),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            env={"PATH": os.defpath},
            log_path=folder / "log",
            cwd=folder,
            user=user,
        )
        try:
            child.wait_until(lambda: _postgres_answers(port), 30)
            yield port
        finally:
            child.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres) -> Iterator[str]:
    """An empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    with _postgres_connection(postgres) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://postgres@127.0.0.1:{postgres}/{name}"
    with _postgres_connection(postgres) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    return request.getfixturevalue("postgres_url")


def _postgres_binaries(user: int | None) -> Path | None:
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
    return None


def _postgres_connection(port: int) -> psycopg.Connection:
    return psycopg.connect(
        f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=3", autocommit=True
    )


def _postgres_answers(port: int) -> bool:
    try:
        _postgres_connection(port).close()
    except psycopg.OperationalError:
        return False
    return True
