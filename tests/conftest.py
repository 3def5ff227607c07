"""Real services for every test that asks: started once a session on free ports, stopped by pid."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from redis import Redis

from qie_batch.local.stack import Stack
from qie_batch.stores.s3 import create_bucket
from qie_batch.stores.s3_client import s3_client
from tests.support import requires
from tests.support.division import WholeStacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import Postgres


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log) -> WholeStacks:
    return WholeStacks(config, log)


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
def postgres() -> Iterator[Postgres]:
    with requires.postgres() as postgres:
        yield postgres


@pytest.fixture
def postgres_url(postgres) -> Iterator[str]:
    """An empty database of its own."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    return request.getfixturevalue("postgres_url")
