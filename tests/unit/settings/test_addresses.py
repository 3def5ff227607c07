"""What ledger and queue say of their addresses: never a secret, whatever is wrong."""

from __future__ import annotations

import sys

import pytest

from qie_batch.errors import LedgerUnavailable, UsageError
from qie_batch.ledger.database import Database
from qie_batch.local.ports import free_port
from qie_batch.queues.celery import CeleryQueue, celery_app


def refusal(call, url):
    with pytest.raises(UsageError) as caught:
        call(url)
    assert "geheim" not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


def test_a_ledger_that_is_away_shows_no_login_and_no_value():
    port = free_port()
    database = Database(f"postgresql+psycopg://u@127.0.0.1:{port}/db?password=geheim")
    with pytest.raises(LedgerUnavailable) as caught, database.read():
        pass
    assert f"postgresql+psycopg://****@127.0.0.1:{port}/db?password=**** did not" in caught.value.message
    assert "geheim" not in caught.value.message


@pytest.mark.parametrize("option", ["port=geheim", "host=h:geheim&host=g:1"])
def test_an_option_that_postgresql_does_not_take_is_refused(option):
    error = refusal(Database, f"postgresql+psycopg://u:geheim@/db?{option}")
    assert error.message.startswith("QIE_LEDGER_URL has an option behind its question mark")
    assert error.__suppress_context__


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refusal(Database, "postgresql+psycopg://u:geheim@h/db")
    assert "driver psycopg is not installed" in error.message
    assert error.hint == "install qie-batch[postgres]"


def test_a_queue_shows_no_login_and_no_value():
    queue = CeleryQueue(celery_app("rediss://u:geheim@h:6380/0?ssl_cert_reqs=required"))
    assert queue.address == "rediss://****@h:6380/0?ssl_cert_reqs=****"
