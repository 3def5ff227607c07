"""`qie-batch control` as it runs, killed in the middle of an attempt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook as Verifier

from qie_batch.ledger.tables import outbox
from qie_batch.model import WebhookState
from tests.support.ledgers import add, finish, open_ledger
from tests.support.webhook_receivers import Answer

SECONDS = 30


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger
    ledger.dispose()


@pytest.fixture
def control(tmp_path, stack, s3, broker_url, authority, receiver, secret):
    """Starts the command; what still runs is killed at the end."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    environment = {
        **os.environ,
        **{
            f"QIE_{name.upper()}": stack.config[name]
            for name in ("s3_endpoint", "s3_access_key", "s3_secret_key")
        },
        "QIE_S3_BUCKET": s3.bucket,
        "QIE_DIR": str(tmp_path / "none"),
        "QIE_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}",
        "QIE_BROKER_URL": broker_url,
        "QIE_NOTIFY_HOSTS": f"localhost:{receiver.port}",
        "QIE_NOTIFY_SECRET": secret,
        "SSL_CERT_FILE": str(tmp_path / "authority.pem"),
    }
    started = []

    def control():
        with (tmp_path / "control.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "qie_batch", "control"], env=environment, stdout=log, stderr=log
            )
        started.append(process)
        return process

    yield control
    for process in started:
        process.kill()
        process.wait()


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_webhook_is_sent_again_with_its_id_after_control_was_killed(
    control, ledger, receiver, secret, tmp_path
):
    first = control()

    def kill():
        os.kill(first.pid, signal.SIGKILL)
        first.wait()

    receiver.answers["/hook?token=s3cret"] = Answer(first=kill)
    add(ledger, "a", notify=receiver.url("/hook?token=s3cret"))
    finish(ledger)
    assert ledger.settlement.close("job", ledger.clock.now() + 1)
    receiver.wait_for(1, SECONDS)
    until(lambda: first.returncode is not None)
    (webhook,) = ledger.outbox.latest()
    assert (webhook.state, webhook.tries) == (WebhookState.WAITING, 1)
    assert webhook.not_before > ledger.clock.now()

    receiver.answers.clear()
    with ledger._db.write() as connection:  # its lease is over
        connection.execute(update(outbox).values(not_before=0.0))
    second = control()
    before, after = receiver.wait_for(2, SECONDS)
    assert before.headers["webhook-id"] == after.headers["webhook-id"] == webhook.id
    assert before.body == after.body
    assert Verifier(secret).verify(after.body, after.headers)["type"] == "job.closed"
    until(lambda: ledger.outbox.latest()[0].state is WebhookState.DELIVERED)
    second.terminate()
    assert second.wait(SECONDS) == 0
    log = (tmp_path / "control.log").read_text()
    assert "Traceback" not in log
    assert secret not in log
    assert "s3cret" not in log
