"""Sends the webhooks that are due: each at least once, several at a time, one at a time to an address."""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.errors import LedgerUnavailable, Misconfigured, Rejected, Unavailable
from qie_batch.model import address_shown, is_summary
from qie_batch.steps.repeats import Repeats
from qie_batch.text import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qie_batch.interfaces import Clock, Outbox, WebhookSender
    from qie_batch.model import Webhook, WebhookAnswer

log = logging.getLogger(__name__)

#: Seconds after each failed attempt, those that Standard Webhooks suggests: three days in all.
DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: The longest wait that a receiver may ask for.
LONGEST_DELAY = 86_400.0
#: For so long at most, an address that failed gets none of its other webhooks.
HOLD_SECONDS = 60.0
#: Longer than an attempt: the webhook of a process that was killed in it is due again after this.
LEASE_SECONDS = 60.0
#: An ended webhook is shown for so long.
KEPT_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyContext:
    outbox: Outbox
    clock: Clock
    sender: WebhookSender
    #: What signs the webhooks of a tenant; Misconfigured where there is nothing.
    secrets: Callable[[str], Sequence[str]]
    #: Attempts at a time, and those of one tenant.
    at_once: int = 4
    per_owner: int = 3
    lease_seconds: float = LEASE_SECONDS
    #: Between two looks for what is due, while attempts go on.
    poll_seconds: float = 0.5
    is_stopping: Callable[[], bool] = lambda: False
    #: What was logged of each address.
    repeats: Repeats = field(default_factory=Repeats)


def notify(context: NotifyContext) -> int:
    """Send whatever is due until nothing is; says how many attempts were made. Raises LedgerUnavailable."""
    attempts = 0
    in_flight: dict[Future[None], Webhook] = {}
    with ThreadPoolExecutor(context.at_once) as pool:
        while True:
            while len(in_flight) < context.at_once and (webhook := _next(in_flight, context)):
                in_flight[pool.submit(_attempt, webhook, context)] = webhook
            if not in_flight:
                break
            ended, _ = wait(in_flight, context.poll_seconds, FIRST_COMPLETED)
            for attempt in ended:
                del in_flight[attempt]
                attempt.result()
                attempts += 1
    if attempts:
        context.outbox.prune(KEPT_SECONDS)
    return attempts


def _next(in_flight: dict[Future[None], Webhook], context: NotifyContext) -> Webhook | None:
    if context.is_stopping():
        return None
    return context.outbox.claim(list(in_flight.values()), context.per_owner, context.lease_seconds)


def _attempt(webhook: Webhook, context: NotifyContext) -> None:
    """One attempt, and its mark in the ledger; whatever the ledger does not learn of is sent again."""
    now = context.clock.now()
    try:
        # Nothing signs a summary that goes to the operator's own services.
        secrets = () if is_summary(webhook.url) else context.secrets(webhook.owner)
        answer = context.sender.send(webhook, secrets, now)
    except LedgerUnavailable:
        raise
    except Rejected as error:
        _give_up(webhook, error.message, context)
    except (Unavailable, Misconfigured) as error:
        _postpone(webhook, error.message, 0.0, context)
    else:
        _mark(webhook, answer, context)


def _mark(webhook: Webhook, answer: WebhookAnswer, context: NotifyContext) -> None:
    if 200 <= answer.status < 300:
        context.outbox.delivered(webhook)
        context.repeats.end(webhook.url)
    elif answer.status == 410:
        _give_up(webhook, "the server wants no more of them (410)", context)
    elif 300 <= answer.status < 400:
        sentence = f"the server leads elsewhere ({answer.status}), and redirects are not followed"
        _postpone(webhook, sentence, answer.retry_after, context)
    else:
        _postpone(webhook, f"the server answered {answer.status}", answer.retry_after, context)


def _postpone(webhook: Webhook, error: str, retry_after: float, context: NotifyContext) -> None:
    """Wait as long as the number of attempts and the receiver say, or end after the last attempt."""
    if webhook.tries > len(DELAYS):
        _give_up(webhook, error, context)
        return
    delay = max(DELAYS[webhook.tries - 1], min(retry_after, LONGEST_DELAY))
    if context.outbox.postpone(webhook, error, delay, min(delay, HOLD_SECONDS)):
        sentence = f"waits {duration(delay)}: {error}"
        if context.repeats.is_new(webhook.url, error):
            log.warning("webhook %s to %s %s", webhook.id, address_shown(webhook.url), sentence)


def _give_up(webhook: Webhook, error: str, context: NotifyContext) -> None:
    if context.outbox.give_up(webhook, error):
        log.warning("webhook %s to %s was given up: %s", webhook.id, address_shown(webhook.url), error)
