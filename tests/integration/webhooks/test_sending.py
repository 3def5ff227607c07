"""One attempt over real TLS: what the receiver gets, and which addresses are never reached."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.model import Webhook, new_webhook_secret
from tests.support.web_servers import Internet, WebServer, answer
from tests.support.webhook_receivers import Answer

CHECKOUT = Path(__file__).parents[3]


def webhook(url, body='{"type": "job.closed", "data": {"name": "春季.csv"}}'):
    return Webhook(
        id="msg_1",
        owner="acme",
        url=url,
        event="job.closed",
        body=body,
        created_at=0.0,
        not_before=0.0,
        tries=1,
        ended_at=None,
        error="",
    )


def now():
    return datetime.now(UTC).timestamp()


@pytest.fixture
def send(receiver, sender_for):
    sender = sender_for(f"localhost:{receiver.port}")

    def send(path="/hook", *secrets, **changes):
        return sender.send(webhook(receiver.url(path), **changes), secrets or (new_webhook_secret(),), now())

    return send


def test_the_official_library_verifies_what_is_sent(send, receiver, secret):
    assert send("/hook?token=abc", secret).status == 200
    (received,) = receiver.received
    assert received.path == "/hook?token=abc"
    verified = Verifier(secret).verify(received.body, received.headers)
    assert verified == {"type": "job.closed", "data": {"name": "春季.csv"}}
    assert received.headers["webhook-id"] == "msg_1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("qie-batch/")


def test_the_example_of_the_page_verifies_what_is_sent(send, receiver, secret):
    section = (CHECKOUT / "docs" / "gateway.md").read_text().partition("\n## Webhooks\n")[2]
    example = section.partition("```python\n")[2].partition("```")[0]
    names: dict = {}
    exec(example.replace("whsec_...", secret), names)  # noqa: S102
    send("/hook", secret)
    (received,) = receiver.received
    assert names["received"](received.headers, received.body)["type"] == "job.closed"
    with pytest.raises(WebhookVerificationError):
        names["received"](received.headers, received.body + b" ")


def test_the_official_library_refuses_what_another_has_signed_or_changed(send, receiver, secret):
    send("/hook", secret)
    (received,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Verifier(new_webhook_secret()).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(received.body + b" ", received.headers)


def test_both_secrets_verify_while_one_replaces_the_other(send, receiver):
    newer, former = new_webhook_secret(), new_webhook_secret()
    send("/hook", newer, former)
    (received,) = receiver.received
    for each in (newer, former):
        assert json.loads(received.body) == Verifier(each).verify(received.body, received.headers)


@pytest.mark.parametrize("status", [200, 204, 302, 404, 410, 500])
def test_the_status_is_what_the_server_answered(send, receiver, status):
    receiver.answers["/hook"] = Answer(status=status, headers={"location": receiver.url("/elsewhere")})
    assert send().status == status
    assert [received.path for received in receiver.received] == ["/hook"]


def test_the_wait_that_the_server_asks_for_is_told(send, receiver):
    receiver.answers["/hook"] = Answer(status=429, headers={"retry-after": "120"})
    assert send().retry_after == 120
    receiver.answers["/hook"] = Answer(status=503)
    assert send().retry_after == 0


def test_a_server_that_is_silent_is_not_waited_for(send, receiver):
    over = threading.Event()
    receiver.answers["/hook"] = Answer(first=lambda: over.wait(20))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer within"):
        send()
    assert time.monotonic() - began < 5
    over.set()


def test_an_answer_without_end_is_not_read(send, receiver):
    receiver.answers["/hook"] = Answer(body=b"x" * 50_000_000)
    began = time.monotonic()
    assert send().status == 200
    assert time.monotonic() - began < 5


def test_a_server_that_another_authority_vouches_for_is_not_told_anything(receiver, sender_for):
    sender = sender_for(f"localhost:{receiver.port}")
    sender._poster._context = ssl.create_default_context()
    with pytest.raises(Unavailable, match="identity cannot be verified"):
        sender.send(webhook(receiver.url()), (new_webhook_secret(),), now())
    assert receiver.received == []


def test_a_port_at_which_nothing_answers_is_unavailable(sender_for):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    sender = sender_for(f"localhost:{port}")
    with pytest.raises(Unavailable, match="connection failed"):
        sender.send(webhook(f"https://localhost:{port}/"), (new_webhook_secret(),), now())


@pytest.fixture
def internet():
    server = WebServer()
    server.answers["/"] = answer()
    yield Internet(server)
    server.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:10.0.0.5"])
def test_a_name_that_leads_inside_is_not_connected_to(internet, sender_for, address):
    internet.names = {"hooks.shop.com": [["93.184.215.14", address]]}
    sender = sender_for(resolve=internet.resolve, network=internet)
    with pytest.raises(Rejected) as refused:
        sender.send(webhook("https://hooks.shop.com/"), (new_webhook_secret(),), now())
    assert refused.value.code == "webhook_address"
    assert "webhooks are sent to public servers" in refused.value.message
    assert "QIE_NOTIFY_HOSTS" in refused.value.message
    assert internet.tried == []


def test_a_name_without_a_server_may_get_one(internet, sender_for):
    sender = sender_for(resolve=internet.resolve, network=internet)
    with pytest.raises(Unavailable, match="there is no server of the name"):
        sender.send(webhook("https://hooks.shop.com/"), (new_webhook_secret(),), now())


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("hooks.shop.com/qie", "only https:// addresses are called"),
        ("ftp://hooks.shop.com/", "only https:// addresses are called"),
        ("http://hooks.shop.com/", "set QIE_NOTIFY_HTTP=true"),
        ("https://user:pass@hooks.shop.com/", "webhooks are sent without one"),
        ("https://hooks.shop.com:8443/", "add hooks.shop.com:8443 to QIE_NOTIFY_HOSTS"),
        ("https://localhost/", "'localhost' is a name inside a network"),
        ("https://redis.svc/", "is a name inside a network: add redis.svc to QIE_NOTIFY_HOSTS"),
        ("https://0x7f.1/", "is no host name"),
        ("https://10.0.0.5/", "10.0.0.5, which is a private network"),
        ("https://[::1]/", "::1, which is this machine itself"),
        ("https://hooks.shop.com/" + "a" * 2000, "more than 2,000 characters"),
        ("https://hooks.shop.com/\n", "control character"),
    ],
)
def test_an_address_that_cannot_be_told_anything_is_refused_in_one_sentence(sender_for, address, reason):
    with pytest.raises(UsageError) as refused:
        sender_for().check(address)
    assert refused.value.code == "webhook_address"
    assert refused.value.message.startswith("no webhook can be sent to ")
    assert reason in refused.value.message
    assert refused.value.message.isprintable()
    assert "pass@" not in refused.value.message
