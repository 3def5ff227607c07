"""What the runs of schedules work with: those of a tenant with the tenant's own uploads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.wiring.services import submit_context
from qie_batch.wiring.tenants import tenant_submit_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Schedule
    from qie_batch.settings import Settings
    from qie_batch.steps.schedule import ScheduleContext


def schedule_context(settings: Settings, ledger: SqlLedger) -> ScheduleContext:
    from qie_batch.steps.schedule import ScheduleContext
    from qie_batch.steps.submit import submit_scheduled
    from qie_batch.steps.uploads import is_upload

    def submit(schedule: Schedule, job_id: str, renew: Callable[[], None]) -> None:
        owner = schedule.order.owner
        context = (
            tenant_submit_context(settings, ledger, owner)
            if owner or is_upload(schedule.catalog)
            else submit_context(settings, ledger)
        )
        # An address that is refused by now is no reason to skip a run: its webhooks say so.
        context = replace(context, progress=lambda *_: renew(), check_webhook=lambda _: None)
        submit_scheduled(schedule, job_id, context)

    return ScheduleContext(schedules=ledger.schedules, jobs=ledger.jobs, clock=ledger.clock, submit=submit)
