"""Catalogs that are submitted by the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from qie_batch.errors import QieError, UsageError
from qie_batch.gateway import schedules as api
from qie_batch.gateway.pages.routing import Reading, Visit, Writing, page_router, see_other
from qie_batch.gateway.problems import status_of
from qie_batch.keys import S3
from qie_batch.model import Schedule
from qie_batch.steps.orders import columns_of
from qie_batch.steps.schedule import next_due, zone
from qie_batch.steps.uploads import is_upload

if TYPE_CHECKING:
    from qie_batch.views import ScheduleView

router = page_router()

#: Next times shown of each.
NEXT = 3


class Given(BaseModel):
    """The form as it was filled in."""

    name: str = ""
    catalog: str = ""
    #: Of whose files the catalog is one, "" for an address.
    upload: str = ""
    cron: str = ""
    timezone: str = ""
    instruction: str = ""
    budget: str = ""
    #: How the catalog is read, as on the page of its check.
    map: list[str] = []
    header_line: str = ""
    sheet: str = ""
    encoding: str = ""

    @property
    def reading(self) -> dict[str, Any]:
        """Those that say something."""
        texts = {
            "map": self.map,
            "header_line": self.header_line,
            "sheet": self.sheet,
            "encoding": self.encoding,
        }
        return {name: text for name, text in texts.items() if text}


@router.get("/schedules")
def schedules(visit: Reading, given: Annotated[Given, Query()]) -> Response:
    return _shown(visit, given)


@router.post("/schedules")
def add(visit: Writing, given: Annotated[Given, Form()]) -> Response:
    """Add it; what was typed is shown again where it cannot be added."""
    try:
        api.add(_new(given), visit.subject, visit.context)
    except QieError as error:
        return _shown(visit, given, error)
    return see_other("/schedules")


@router.post("/schedules/remove")
def remove(visit: Writing, name: str) -> Response:
    api.remove(name, visit.subject, visit.context)
    return see_other("/schedules")


def _new(given: Given) -> api.NewSchedule:
    """UsageError for a text that is too long."""
    try:
        return api.NewSchedule.model_validate(
            {
                "schedule": given.name.strip(),
                "cron": given.cron,
                "timezone": given.timezone.strip(),
                "upload": given.upload,
                "catalog": given.catalog.strip(),
                "priority": "low",
                "instruction": given.instruction,
                "budget_usd": given.budget.strip() or None,
                **given.reading,
                "map": columns_of(given.map),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]}: {first['msg']}", code="request_invalid") from None


def _shown(visit: Visit, given: Given, problem: QieError | None = None) -> Response:
    now = visit.ledger.clock.now()
    found = api.schedules(visit.subject, visit.context)
    summaries = api.summaries(visit.subject, visit.context)
    return visit.show(
        "schedules",
        status=status_of(problem) if problem else 200,
        schedules=found,
        next_times={entry.name: _next_times(entry, now) for entry in found},
        summaries=summaries,
        catalogs={entry.name: _catalog(entry) for entry in found},
        given=given.model_dump(),
        reading=given.reading,
        problem=visit.language.error(problem) if problem else None,
    )


def _catalog(entry: ScheduleView) -> str:
    """The file of an upload by its own name, else the address."""
    is_file = entry.catalog.startswith(S3) and is_upload(entry.catalog)
    return entry.catalog.rpartition("/")[2] if is_file else entry.catalog


def _next_times(entry: ScheduleView, now: float) -> list[str]:
    """By the schedule's own clock."""
    schedule = Schedule(name=entry.name, cron=entry.cron, timezone=entry.timezone, catalog=entry.catalog)
    times: list[str] = []
    while len(times) < NEXT and not entry.problem and (due := next_due(schedule, now)) is not None:
        now = due
        local = datetime.fromtimestamp(due, zone(entry.timezone) or UTC)
        times.append(local.strftime("%Y-%m-%d %H:%M %Z"))
    return times
