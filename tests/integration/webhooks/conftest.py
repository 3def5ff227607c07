from __future__ import annotations

import ssl

import pytest
import trustme

from qie_batch.model import new_webhook_secret
from qie_batch.notify.webhooks import WebhookSender
from qie_batch.steps.notify import NotifyContext
from qie_batch.web.hosts import HostPolicy, ImageHosts
from qie_batch.web.posting import WebPoster
from qie_batch.web.purposes import WEBHOOKS
from tests.support.webhook_receivers import Receiver

#: Seconds of an attempt.
PATIENCE = 0.6


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def receiver(authority):
    receiver = Receiver(authority)
    yield receiver
    receiver.close()


@pytest.fixture
def secret():
    return new_webhook_secret()


@pytest.fixture
def sender_for(trusting):
    """A sender that may reach the hosts that are named, beside the public ones."""

    def sender_for(*hosts, seconds=PATIENCE, **network):
        policy = HostPolicy(
            hosts=ImageHosts.parse(hosts, WEBHOOKS), listed_only=False, plain_http=False, purpose=WEBHOOKS
        )
        return WebhookSender(WebPoster(policy, seconds=seconds, context=trusting, **network))

    return sender_for


@pytest.fixture
def notifying(ledger, receiver, sender_for, secret):
    return NotifyContext(
        outbox=ledger.outbox,
        clock=ledger.clock,
        sender=sender_for(f"localhost:{receiver.port}"),
        secrets=lambda _: (secret,),
        poll_seconds=0.02,
    )
