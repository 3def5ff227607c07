"""Webhooks from the ledger to a real HTTPS server: each arrives, and no address holds up another."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import pytest
from standardwebhooks import Webhook as Verifier

from qie_batch.errors import LedgerUnavailable, Misconfigured
from qie_batch.model import WebhookState, new_webhook_secret
from qie_batch.steps.notify import DELAYS, HOLD_SECONDS, KEPT_SECONDS, notify
from tests.support.ledgers import add, at_once, finish, open_ledger
from tests.support.webhook_receivers import Answer


@pytest.fixture
def close(ledger, clock, receiver):
    """Closes a job whose webhooks go to this path or address."""

    def close(job_id="job", path="/hook", **order):
        address = path if path.startswith("https:") else receiver.url(path)
        add(ledger, job_id, job_id=job_id, notify=address, **order)
        finish(ledger, f"{job_id}.0")
        clock.turn(1)
        assert ledger.settlement.close(job_id, clock.now)

    return close


@pytest.fixture(autouse=True)
def present(clock):
    """The receiver's library compares the time of an attempt with its own clock."""
    clock.now = time.time()


def paths(receiver):
    return [received.path for received in receiver.received]


def one(ledger):
    (webhook,) = ledger.outbox.latest()
    return webhook


def test_what_is_due_is_delivered_once_and_verified(notifying, receiver, ledger, secret, close):
    close(name="spring.csv")
    assert notify(notifying) == 1
    assert notify(notifying) == 0
    (received,) = receiver.received
    assert Verifier(secret).verify(received.body, received.headers)["data"]["name"] == "spring.csv"
    assert (one(ledger).state, one(ledger).tries) == (WebhookState.DELIVERED, 1)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, "the server answered 500"),
        (404, "the server answered 404"),
        (307, "the server leads elsewhere (307), and redirects are not followed"),
    ],
)
def test_a_failed_attempt_is_repeated_with_the_same_id(
    notifying, receiver, ledger, clock, close, status, error
):
    receiver.answers["/hook"] = Answer(status=status, headers={"location": "/elsewhere"})
    close()
    notify(notifying)
    assert (one(ledger).error, one(ledger).not_before) == (error, clock.now + DELAYS[0])
    receiver.answers.clear()
    assert notify(notifying) == 0
    clock.turn(DELAYS[0])
    assert notify(notifying) == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == DELAYS[0]
    assert (one(ledger).state, one(ledger).error) == (WebhookState.DELIVERED, "")


def test_after_the_last_delay_a_webhook_is_given_up(notifying, receiver, ledger, clock, close, caplog):
    receiver.answers["/hook"] = Answer(status=500)
    close(path="/hook?token=s3cret")
    receiver.answers["/hook?token=s3cret"] = Answer(status=500)
    for delay in DELAYS:
        assert notify(notifying) == 1
        assert one(ledger).state is WebhookState.WAITING
        clock.turn(delay)
    assert notify(notifying) == 1
    assert (one(ledger).state, one(ledger).error) == (WebhookState.FAILED, "the server answered 500")
    clock.turn(1e6)
    assert notify(notifying) == 0
    assert len(receiver.received) == len(DELAYS) + 1
    # Said when it began and when it ended, without the token.
    assert len(caplog.records) == 2
    assert "was given up" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_server_that_wants_no_more_gets_no_more(notifying, receiver, ledger, close):
    receiver.answers["/hook"] = Answer(status=410)
    close()
    notify(notifying)
    assert one(ledger).state is WebhookState.FAILED
    assert "410" in one(ledger).error


def test_a_busy_server_is_asked_again_when_it_says(notifying, receiver, ledger, clock, close):
    receiver.answers["/hook"] = Answer(status=429, headers={"retry-after": "1000"})
    close()
    notify(notifying)
    assert one(ledger).not_before == clock.now + 1000


def test_an_address_inside_the_network_is_given_up_without_a_connection(notifying, ledger, sender_for, close):
    close(path="https://localhost:1/")
    notify(replace(notifying, sender=sender_for()))
    assert one(ledger).state is WebhookState.FAILED
    assert "QIE_NOTIFY_HOSTS" in one(ledger).error


def test_without_a_secret_nothing_is_sent_unsigned(notifying, receiver, ledger, close):
    def none(_):
        raise Misconfigured("nothing signs it")

    close()
    notify(replace(notifying, secrets=none))
    assert receiver.received == []
    assert (one(ledger).state, one(ledger).error) == (WebhookState.WAITING, "nothing signs it")


def test_each_tenant_signs_with_its_own_secret(notifying, receiver, ledger, close):
    close("a", "/acme", owner="acme")
    close("b", "/zeta", owner="zeta")
    notify(replace(notifying, secrets=ledger.webhook_secrets.of))
    for received in receiver.received:
        (secret,) = ledger.webhook_secrets.of(received.path.strip("/"))
        assert Verifier(secret).verify(received.body, received.headers)


def test_a_silent_address_holds_up_no_other(notifying, receiver, close, sender_for):
    over = threading.Event()
    receiver.answers["/silent"] = Answer(first=lambda: over.wait(20))
    patient = replace(notifying, sender=sender_for(f"localhost:{receiver.port}", seconds=10))
    for number in range(3):
        close(f"silent-{number}", "/silent")
    for number in range(5):
        close(f"job-{number}", f"/{number}")
    loop = threading.Thread(target=notify, args=(patient,))
    loop.start()
    receiver.wait_for(6)
    # What becomes due while the silent address is waited for is sent, too.
    close("later", "/later")
    arrived = receiver.wait_for(7)
    assert sorted(received.path for received in arrived) == [
        "/0",
        "/1",
        "/2",
        "/3",
        "/4",
        "/later",
        "/silent",
    ]
    over.set()
    loop.join(20)
    assert not loop.is_alive()


def test_an_address_that_failed_gets_one_attempt_until_its_time(notifying, receiver, clock, close):
    receiver.answers["/hook"] = Answer(status=500)
    for number in range(3):
        close(f"job-{number}")
    assert notify(notifying) == 1
    clock.turn(HOLD_SECONDS)
    receiver.answers.clear()
    assert notify(notifying) == 3
    assert receiver.busiest == 1


def test_no_more_are_sent_at_a_time_than_allowed(notifying, receiver, close, sender_for):
    together = threading.Barrier(3, timeout=20)
    for number in range(9):
        path = f"/{number}"
        receiver.answers[path] = Answer(first=together.wait)
        close(f"job-{number}", path, owner=f"tenant-{number % 3}")
    patient = replace(notifying, sender=sender_for(f"localhost:{receiver.port}", seconds=30))
    assert notify(replace(patient, at_once=3, per_owner=2)) == 9
    assert receiver.busiest == 3


def test_two_controls_send_each_webhook_once(notifying, receiver, close, tmp_path, clock):
    other = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", clock)
    for number in range(12):
        close(f"job-{number}", f"/{number}")
    attempts = at_once(lambda: notify(notifying), lambda: notify(replace(notifying, outbox=other.outbox)))
    assert sum(attempts) == 12
    assert sorted(paths(receiver)) == sorted(f"/{number}" for number in range(12))
    other.dispose()


def test_what_the_ledger_did_not_learn_of_is_sent_again_with_the_same_id(
    notifying, receiver, ledger, clock, close
):
    class Away:
        def __getattr__(self, name):
            if name == "delivered":
                raise LedgerUnavailable("away")
            return getattr(ledger.outbox, name)

    close()
    with pytest.raises(LedgerUnavailable):
        notify(replace(notifying, outbox=Away()))
    assert notify(notifying) == 0
    clock.turn(notifying.lease_seconds)
    assert notify(notifying) == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_control_that_ends_begins_no_attempt(notifying, receiver, close):
    close()
    assert notify(replace(notifying, is_stopping=lambda: True)) == 0
    assert receiver.received == []


def test_what_was_delivered_long_ago_is_forgotten(notifying, ledger, clock, close):
    close("old")
    notify(notifying)
    clock.turn(KEPT_SECONDS + 1)
    close("new")
    notify(notifying)
    assert "new" in one(ledger).body


def test_a_job_is_closed_while_its_address_is_silent(notifying, receiver, ledger, close, sender_for):
    over = threading.Event()
    receiver.answers["/hook"] = Answer(first=lambda: over.wait(20))
    patient = replace(notifying, sender=sender_for(f"localhost:{receiver.port}", seconds=30))
    close("first")
    loop = threading.Thread(target=notify, args=(patient,))
    loop.start()
    receiver.wait_for(1)
    close("second")
    assert [webhook.state for webhook in ledger.outbox.latest()] == [WebhookState.WAITING] * 2
    over.set()
    loop.join(20)
    assert not loop.is_alive()


def test_no_secret_is_logged(notifying, receiver, close, secret, caplog):
    caplog.set_level(logging.DEBUG)
    close()
    receiver.answers["/hook"] = Answer(status=500)
    notify(notifying)
    assert secret not in caplog.text
    assert new_webhook_secret()[:6] not in caplog.text
