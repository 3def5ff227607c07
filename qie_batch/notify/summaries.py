"""Summaries of scheduled runs to the operator's own services, by apprise: mail, chats and a hundred more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qie_batch.errors import Misconfigured, Rejected, Unavailable
from qie_batch.model import WebhookAnswer, is_summary, summary_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qie_batch.interfaces import WebhookSender
    from qie_batch.model import Webhook


class SummarySender:
    """Implements `interfaces.WebhookSender`: what is no summary goes to `others`."""

    def __init__(self, addresses: Iterable[str], others: WebhookSender) -> None:
        self._addresses = {summary_address(address): address for address in addresses}
        self._others = others

    def send(self, webhook: Webhook, secrets: Sequence[str], now: float) -> WebhookAnswer:
        if not is_summary(webhook.url):
            return self._others.send(webhook, secrets, now)
        address = self._addresses.get(webhook.url)
        if address is None:
            raise Rejected("QIE_SUMMARY_URLS does not name its address any more", code="summary_address")
        data = json.loads(webhook.body)["data"]
        _send(address, str(data["title"]), str(data["text"]))
        return WebhookAnswer(status=200)


def _send(address: str, title: str, text: str) -> None:
    try:
        import apprise  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise Misconfigured("summaries need the package apprise: pip install 'qie-batch[notify]'") from error
    service = apprise.Apprise()
    if not service.add(address):
        raise Rejected("QIE_SUMMARY_URLS holds an address that apprise does not know", code="summary_address")
    if not service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
        raise Unavailable("the service did not take the summary", code="summary_failed")
