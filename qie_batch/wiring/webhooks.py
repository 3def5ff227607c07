"""Who sends webhooks, where to, and what signs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, Rejected

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.notify.dingtalk import DingTalkRobot
    from qie_batch.notify.webhooks import WebhookSender
    from qie_batch.settings import Settings
    from qie_batch.steps.notify import NotifyContext
    from qie_batch.steps.schedule import SummaryContext


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


def dingtalk_robot(settings: Settings) -> DingTalkRobot:
    """Misconfigured without an address that can be one."""
    from qie_batch.notify.dingtalk import DingTalkRobot
    from qie_batch.web.hosts import HostPolicy, ImageHosts, parsed
    from qie_batch.web.posting import WebPoster
    from qie_batch.web.purposes import WEBHOOKS

    if settings.dingtalk_url is None:
        raise Misconfigured(
            "the bridge has no robot to hand alerts to",
            hint="set QIE_DINGTALK_URL to the address that DingTalk shows for it",
        )
    address = settings.dingtalk_url.get_secret_value()
    # The operator's own address: its server alone, which may be in a private network.
    try:
        url = parsed(address, WEBHOOKS)
    except Rejected as error:
        raise Misconfigured(
            f"QIE_DINGTALK_URL is not the address of a robot: {error.message}",
            hint="copy the one that DingTalk shows, which begins with https://",
        ) from error
    host = url.raw_host.decode() + (f":{url.port}" if url.port else "")
    policy = HostPolicy(
        hosts=ImageHosts.parse((host,), WEBHOOKS),
        listed_only=True,
        plain_http=url.scheme == "http",
        purpose=WEBHOOKS,
    )
    secret = settings.dingtalk_secret
    return DingTalkRobot(WebPoster(policy), address, secret.get_secret_value() if secret else "")


def notify_context(settings: Settings, ledger: SqlLedger) -> NotifyContext:
    from qie_batch.notify.summaries import SummarySender
    from qie_batch.steps.notify import NotifyContext

    def secrets(owner: str) -> tuple[str, ...]:
        if owner:
            return ledger.webhook_secrets.of(owner)
        if not settings.notify_secrets:
            raise Misconfigured("nothing signs it: control needs QIE_NOTIFY_SECRET")
        return settings.notify_secrets

    sender = SummarySender(settings.summary_addresses, webhook_sender(settings))
    return NotifyContext(outbox=ledger.outbox, clock=ledger.clock, sender=sender, secrets=secrets)


def summary_context(settings: Settings, ledger: SqlLedger) -> SummaryContext:
    from qie_batch.model import summary_address
    from qie_batch.steps.schedule import SummaryContext

    return SummaryContext(
        schedules=ledger.schedules,
        jobs=ledger.jobs,
        costs=ledger.costs,
        tenants=ledger.tenants,
        outbox=ledger.outbox,
        clock=ledger.clock,
        addresses=tuple(map(summary_address, settings.summary_addresses)),
        gateway_url=settings.gateway_url,
    )
