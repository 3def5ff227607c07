"""Who sends webhooks, where to, and what signs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.notify.webhooks import WebhookSender
    from qie_batch.settings import Settings
    from qie_batch.steps.notify import NotifyContext


def webhook_sender(settings: Settings) -> WebhookSender:
    from qie_batch.notify.webhooks import WebhookSender
    from qie_batch.web.hosts import HostPolicy, ImageHosts
    from qie_batch.web.posting import WebPoster
    from qie_batch.web.purposes import WEBHOOKS

    hosts = settings.notify_hosts
    policy = HostPolicy(
        hosts=ImageHosts.parse(hosts, WEBHOOKS),
        listed_only=bool(hosts),
        plain_http=settings.notify_http,
        purpose=WEBHOOKS,
    )
    return WebhookSender(WebPoster(policy))


def notify_context(settings: Settings, ledger: SqlLedger) -> NotifyContext:
    from qie_batch.steps.notify import NotifyContext

    def secrets(owner: str) -> tuple[str, ...]:
        if owner:
            return ledger.webhook_secrets.of(owner)
        if not settings.notify_secrets:
            raise Misconfigured("nothing signs it: control needs QIE_NOTIFY_SECRET")
        return settings.notify_secrets

    return NotifyContext(
        outbox=ledger.outbox, clock=ledger.clock, sender=webhook_sender(settings), secrets=secrets
    )
