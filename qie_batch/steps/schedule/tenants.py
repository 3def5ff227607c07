"""Schedules of tenants, whose names in the ledger begin with the tenant's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound, UsageError
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.interfaces import Schedules
    from qie_batch.model import Schedule


def named_for(tenant: str, schedule: Schedule) -> Schedule:
    """The tenant's schedule as the ledger has it. UsageError for a name that could be another tenant's."""
    if "/" in schedule.name:
        raise UsageError(
            f"the schedule's name {quoted(schedule.name)} holds a slash",
            code="schedule_name",
            hint="leave it out",
        )
    order = replace(schedule.order, owner=tenant, name=schedule.order.name or schedule.name)
    return replace(schedule, name=_full_name(tenant, schedule.name), order=order)


def short_name(tenant: str, name: str) -> str:
    """As the tenant calls it."""
    return name.removeprefix(f"{tenant}/") if tenant else name


def schedule_named(schedules: Schedules, tenant: str, name: str) -> Schedule:
    """Of those that `schedules` shows. NotFound."""
    return _found(schedules.all(), {_full_name(tenant, name), name}, name)


def _found(entries: Iterable[Schedule], names: set[str], name: str) -> Schedule:
    for entry in entries:
        if entry.name in names:
            return entry
    raise NotFound(f"there is no schedule {name!r}", code="schedule_unknown", subject=name)


def _full_name(tenant: str, name: str) -> str:
    return f"{tenant}/{name}" if tenant else name
