from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from qie_batch import __version__
from qie_batch.errors import Rejected, UsageError
from qie_batch.model import address_shown, webhook_key
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.model import Webhook, WebhookAnswer
    from qie_batch.web.posting import WebPoster

#: Characters of an address.
LONGEST_ADDRESS = 2000


class WebhookSender:
    """Implements `interfaces.WebhookSender`."""

    def __init__(self, poster: WebPoster) -> None:
        self._poster = poster

    def check(self, address: str) -> None:
        """UsageError, in one sentence, for an address that webhooks may not be sent to; resolves nothing."""
        try:
            self._poster.check(address)
        except Rejected as error:
            raise _refused(address, error.message) from error
        if len(address) > LONGEST_ADDRESS:
            raise _refused(address, f"it has more than {LONGEST_ADDRESS:,} characters")

    def send(self, webhook: Webhook, secrets: Sequence[str], now: float) -> WebhookAnswer:
        body = webhook.body.encode()
        sent_at = str(int(now))
        signed = f"{webhook.id}.{sent_at}.".encode() + body
        headers = {
            "content-type": "application/json",
            "user-agent": f"qie-batch/{__version__}",
            "webhook-id": webhook.id,
            "webhook-timestamp": sent_at,
            "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
        }
        return self._poster.post(webhook.url, body, headers)


def _refused(address: str, reason: str) -> UsageError:
    shown = printable(address_shown(address), 100)
    return UsageError(f"no webhook can be sent to {shown}: {reason}", code="webhook_address")


def _signature(secret: str, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(webhook_key(secret), signed, "sha256")).decode()
