"""What a webhook tells, and what became of it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from qie_batch.model import JobState, RunState, Webhook, WebhookEvent, WebhookState, address_shown
from qie_batch.views.amounts import Moment, Usd
from qie_batch.views.summaries import SummaryView


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNotice:
    job: str
    name: str
    state: JobState
    #: "budget" for a job that is paused.
    pause_reason: str
    total: int
    succeeded: int
    #: With a result that a person has to look at, or rejected.
    needs_review: int
    rejected: int
    failed: int
    cancelled: int
    spent_micros: Annotated[Usd, Field(serialization_alias="spent_usd")]
    budget_micros: Annotated[Usd | None, Field(serialization_alias="budget_usd")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNotice:
    schedule: str
    due_at: Moment
    state: RunState
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBody:
    type: WebhookEvent
    timestamp: Moment
    data: JobNotice | RunNotice | SummaryView


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    id: str
    tenant: str
    event: str
    #: Without what may be a token.
    address: str
    state: WebhookState
    tries: int
    error: str
    created_at: float
    #: Of the next attempt; None once there is none.
    next_at: float | None
    ended_at: float | None


def delivery_view(webhook: Webhook) -> DeliveryView:
    return DeliveryView(
        id=webhook.id,
        tenant=webhook.owner,
        event=webhook.event,
        address=address_shown(webhook.url),
        state=webhook.state,
        tries=webhook.tries,
        error=webhook.error,
        created_at=webhook.created_at,
        next_at=webhook.not_before if webhook.ended_at is None else None,
        ended_at=webhook.ended_at,
    )
