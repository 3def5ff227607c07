"""Webhooks: what happened, told to an address (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

_PREFIX = "whsec_"
_SUMMARY = "summary:"


class WebhookEvent(StrEnum):
    JOB_CLOSED = "job.closed"
    #: The job is paused, as its budget is spent.
    BUDGET_REACHED = "job.budget_reached"
    SCHEDULE_SKIPPED = "schedule.skipped"
    SCHEDULE_FAILED = "schedule.failed"
    #: Every edit of a run has ended; with its summary.
    SCHEDULE_DONE = "schedule.done"


class WebhookState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    #: The same in every attempt, so that the receiver knows a repeated delivery.
    id: str
    owner: str
    url: str
    event: str
    #: JSON, as it is signed and sent.
    body: str
    created_at: float
    #: When it is due, or until when the process that sends it has its lease.
    not_before: float
    #: Attempts begun; the fence of the present one.
    tries: int
    ended_at: float | None
    #: Why the last attempt failed, "" for none that did.
    error: str

    @property
    def state(self) -> WebhookState:
        if self.ended_at is None:
            return WebhookState.WAITING
        return WebhookState.FAILED if self.error else WebhookState.DELIVERED


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What the receiver answered."""

    status: int
    #: Seconds until the receiver is to be asked again, 0 where it names none.
    retry_after: float = 0.0
    #: Its beginning, where that was asked for.
    body: bytes = b""


def new_webhook_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def webhook_key(secret: str) -> bytes:
    """The bytes of a secret `whsec_...`; ValueError unless they are 24 to 64 in base64."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:  # not ASCII, or not base64
        key = b""
    if not (secret.startswith(_PREFIX) and 24 <= len(key) <= 64):
        raise ValueError(f"a secret is {_PREFIX} and 24 to 64 bytes in base64")
    return key


def address_shown(url: str) -> str:
    """The address without what may be secret: a login, the query, and long words of the path."""
    place = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = place.rpartition("://")
    host, slash, path = rest.partition("/")
    return scheme + mark + host.rpartition("@")[2] + slash + re.sub(r"[^/]{20,}", "****", path)


def summary_address(secret_address: str) -> str:
    """What stands in the ledger for an address of the operator's, which may hold a password."""
    return _SUMMARY + hashlib.sha256(secret_address.encode()).hexdigest()[:16]


def is_summary(url: str) -> bool:
    """Whether this is what `summary_address` gives."""
    return url.startswith(_SUMMARY)
