"""What webhooks tell, and the row of the outbox for it: written in the transaction of the event itself."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from qie_batch import views
from qie_batch.ledger.counts import count_columns, counted, counts_of
from qie_batch.ledger.rows import order_of
from qie_batch.ledger.tables import attempts, jobs, outbox, schedules, tenants
from qie_batch.model import ItemState, JobState, Priority, RunState, WebhookEvent

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from qie_batch.ledger.database import Database

_OF_RUNS = {
    RunState.SKIPPED: WebhookEvent.SCHEDULE_SKIPPED,
    RunState.FAILED: WebhookEvent.SCHEDULE_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be written if the event happens."""

    owner: str
    url: str
    event: WebhookEvent
    data: views.JobNotice | views.RunNotice

    def write(self, database: Database, connection: Connection, webhook_id: str = "") -> None:
        """Add the row; nothing if there is one of this id, which is a new one unless given."""
        now = connection.scalar(select(database.now)) or 0.0
        body = views.WebhookBody(type=self.event, timestamp=now, data=self.data)
        values = {
            "id": webhook_id or f"msg_{secrets.token_hex(16)}",
            "owner": self.owner,
            "url": self.url,
            "event": self.event,
            "body": json.dumps(views.dumped(body), ensure_ascii=False),
            "created_at": now,
            "not_before": now,
        }
        database.insert_once(connection, outbox, values)


def job_notice(database: Database, job_id: str, event: WebhookEvent) -> Notice | None:
    """The notice of the job as it is now; None where there is no address for it.

    Read before the transaction of the event: sums over a million items would hold up SQLite's only writer.
    """
    with database.read() as connection:
        wanted = counted(jobs.c.id == job_id)
        job = connection.execute(select(wanted, *count_columns(wanted))).one_or_none()
        if job is None:
            return None
        url = job.notify
        # A tenant's own address gets no interactive edits: each has a client that waits for it.
        if not url and job.priority >= Priority.HIGH:
            url = _address_of(connection, job.owner)
        if not url:
            return None
        spent = connection.scalar(select(func.sum(attempts.c.cost_micros)).where(attempts.c.job_id == job_id))
    counts = counts_of(job)
    is_closed = event is WebhookEvent.JOB_CLOSED
    data = views.JobNotice(
        job=job_id,
        name=job.name,
        state=JobState.CLOSED if is_closed else JobState.PAUSED,
        pause_reason="" if is_closed else "budget",
        total=job.number,
        succeeded=counts[ItemState.SUCCEEDED],
        needs_review=counts[ItemState.NEEDS_REVIEW],
        rejected=counts[ItemState.REJECTED],
        failed=counts[ItemState.FAILED],
        cancelled=counts[ItemState.CANCELLED],
        spent_micros=int(spent or 0),
        budget_micros=job.budget_micros,
    )
    return Notice(owner=job.owner, url=url, event=event, data=data)


def tell_run(
    database: Database, connection: Connection, name: str, due_at: float, state: RunState, note: str
) -> None:
    """Write the notice of a run that was skipped or failed, once, where there is an address for it."""
    event = _OF_RUNS.get(state)
    entry = connection.execute(select(schedules).where(schedules.c.name == name)).one_or_none()
    if event is None or entry is None:
        return
    try:
        url = order_of(entry.options).notify
    except (ValueError, KeyError, TypeError, AttributeError):  # an entry that cannot be understood
        url = ""
    url = url or _address_of(connection, entry.owner)
    if not url:
        return
    # Without the tenant, which the ledger writes before a name.
    shown = name.removeprefix(f"{entry.owner}/") if entry.owner else name
    data = views.RunNotice(schedule=shown, due_at=due_at, state=state, note=note)
    run = hashlib.sha256(f"{event}\0{name}\0{due_at}".encode()).hexdigest()
    Notice(owner=entry.owner, url=url, event=event, data=data).write(database, connection, f"msg_{run[:32]}")


def _address_of(connection: Connection, owner: str) -> str:
    return connection.scalar(select(tenants.c.notify).where(tenants.c.name == owner)) or ""
