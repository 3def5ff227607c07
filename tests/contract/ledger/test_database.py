"""What every ledger promises about the database below it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select

from qie_batch.errors import LedgerUnavailable
from qie_batch.ledger.database import Database
from qie_batch.ledger.sql import SqlLedger
from qie_batch.ledger.tables import variables
from qie_batch.local.ports import free_port
from tests.support.ledgers import WORKER, add, enqueue, finish, open_ledger


def test_the_databases_own_clock_is_the_time(ledger_url):
    ledger = open_ledger(ledger_url)
    assert abs(ledger.clock.now() - time.time()) < 2
    add(ledger, "red")
    finish(ledger)
    assert abs(ledger.jobs.get("job").created_at - time.time()) < 2
    assert ledger.costs.progress("job").last_minute == 1
    ledger.dispose()


def test_leases_are_compared_with_the_databases_own_clock(ledger_url):
    ledger = open_ledger(ledger_url)
    add(ledger, "red", "blue")
    for item_id, lease in zip(enqueue(ledger), (-1, 60), strict=True):
        ledger.attempts.claim(item_id, WORKER, lease)
    assert ledger.recovery.expire_leases() == 1
    ledger.dispose()


def test_a_transaction_that_breaks_leaves_nothing(ledger):
    def break_it():
        with ledger._db.write() as connection:
            ledger._db.insert_once(connection, variables, {"name": "a", "value": "1"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_it()
    with ledger._db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(variables)) == 0


def test_a_read_is_one_view_whatever_is_written_meanwhile(ledger):
    count = select(func.count()).select_from(variables)
    with ledger._db.read() as connection:
        before = connection.scalar(count)
        ledger.dispatch.remember_epoch("one")
        assert connection.scalar(count) == before
    with ledger._db.read() as connection:
        assert connection.scalar(count) == before + 1


def test_writers_wait_for_one_another(ledger):
    ledger.dispatch.remember_epoch("0")

    def add_one(_number):
        with ledger._db.write() as connection:
            mine = select(variables.c.value).where(variables.c.name == "epoch").with_for_update()
            value = int(connection.scalar(mine))
            connection.execute(variables.update().values(value=str(value + 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(64)))
    with ledger._db.read() as connection:
        assert connection.scalar(select(variables.c.value)) == "64"


def test_an_exhausted_pool_is_a_ledger_that_is_away(ledger_url):
    """Any other error would end the thread that renews the leases."""
    ledger = open_ledger(ledger_url)
    url = ledger._db.engine.url
    ledger._db.engine.dispose()
    ledger._db.engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    held, done = threading.Event(), threading.Event()

    def hold():
        with ledger._db.engine.connect():
            held.set()
            done.wait(10)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        held.wait(10)
        with pytest.raises(LedgerUnavailable):
            ledger.clock.now()
        done.set()
    ledger.dispose()


def test_a_database_that_is_away_is_unavailable_without_its_password():
    ledger = SqlLedger(Database(f"postgresql+psycopg://qie:sekret@127.0.0.1:{free_port()}/qie"))
    began = time.monotonic()
    with pytest.raises(LedgerUnavailable) as raised:
        ledger.clock.now()
    assert time.monotonic() - began < 6
    assert "sekret" not in f"{raised.value} {raised.value.hint}"
    assert "127.0.0.1" in str(raised.value)


def test_a_file_that_cannot_be_is_unavailable(tmp_path):
    ledger = SqlLedger(Database(f"sqlite:///{tmp_path}/nowhere/ledger.sqlite3"))
    with pytest.raises(LedgerUnavailable):
        ledger.clock.now()


def test_a_database_that_comes_back_is_used_again(postgres_url):
    """Its connections were cut: the pool finds out before it lends one."""
    ledger = open_ledger(postgres_url)
    other = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    add(ledger, "red")
    with other.connect() as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        connection.exec_driver_sql(f"{cut} AND datname = current_database()")
    other.dispose()
    finish(ledger)
    ledger.dispose()
