"""Catalogs that are submitted by the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Form
from fastapi.responses import Response

from qie_batch.errors import NotFound, QieError
from qie_batch.gateway.pages.routing import Reading, Visit, Writing, page_router, see_other
from qie_batch.gateway.problems import status_of
from qie_batch.model import Schedule
from qie_batch.steps.orders import OrderTexts, job_order
from qie_batch.steps.schedule import add_schedule, next_due, problem_of, zone
from qie_batch.views import schedule_view

router = page_router()

#: Runs and next times shown of each.
RUNS, NEXT = 5, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The form as it was filled in."""

    name: str = ""
    catalog: str = ""
    cron: str = ""
    timezone: str = ""
    instruction: str = ""
    budget: str = ""


@router.get("/schedules")
def schedules(visit: Reading) -> Response:
    return _shown(visit)


@router.post("/schedules")
def add(visit: Writing, given: Annotated[Given, Form()]) -> Response:
    """Add it; what was typed is shown again where it cannot be added."""
    ledger, subject = visit.ledger, visit.subject
    try:
        order = job_order(
            OrderTexts(
                priority="low",
                instruction=given.instruction,
                budget=given.budget.strip() or None,
                owner=subject.tenant,
            )
        )
        schedule = Schedule(
            name=given.name,
            cron=given.cron,
            timezone=given.timezone,
            catalog=given.catalog.strip(),
            order=order,
        )
        add_schedule(schedule, ledger.schedules, ledger.clock)
    except QieError as error:
        return _shown(visit, given, error)
    return see_other("/schedules")


@router.post("/schedules/remove")
def remove(visit: Writing, name: str) -> Response:
    if not visit.ledger.schedules.remove(name):
        raise NotFound(f"there is no schedule {name!r}", code="schedule_unknown", subject=name)
    return see_other("/schedules")


def _shown(visit: Visit, given: Given = Given(), problem: QieError | None = None) -> Response:
    ledger = visit.ledger
    now = ledger.clock.now()
    found = [replace(entry, problem=problem_of(entry)) for entry in ledger.schedules.all()]
    return visit.show(
        "schedules",
        status=status_of(problem) if problem else 200,
        schedules=[
            schedule_view(entry, ledger.schedules.latest_runs(entry.name, limit=RUNS), next_due(entry, now))
            for entry in found
        ],
        next_times={entry.name: _next_times(entry, now) for entry in found},
        given=given,
        problem=visit.language.error(problem) if problem else None,
    )


def _next_times(entry: Schedule, now: float) -> list[str]:
    """By the schedule's own clock."""
    times: list[str] = []
    due: float | None = now
    while due is not None and len(times) < NEXT and not entry.problem:
        due = next_due(entry, due)
        if due is not None:
            local = datetime.fromtimestamp(due, zone(entry.timezone) or UTC)
            times.append(local.strftime("%Y-%m-%d %H:%M %Z"))
    return times
