"""Enters a schedule, once its times are known to come."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from qie_batch.errors import UsageError
from qie_batch.manifest.columns import check_column
from qie_batch.manifest.encoding.names import named_encoding
from qie_batch.steps.schedule.due_times import check_cron, latest_due, next_due, zone
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import Clock, Schedules
    from qie_batch.model import ReadingOptions, Schedule

#: The ledger's column has this width.
MAX_NAME = 128
MAX_ZONE = 100

#: Each machine has its own there, and control may run on another one.
_OF_THE_MACHINE = {"localtime", "posixrules", "Factory"}


def add_schedule(
    schedule: Schedule, schedules: Schedules, clock: Clock, check_webhook: Callable[[str], None]
) -> float:
    """Store a schedule that can run, and say when it is due next. UsageError for any other.

    `check_webhook` raises UsageError for an address that webhooks may not be sent to.
    """
    _check_name(schedule.name)
    try:
        check_cron(schedule.cron)
    except ValueError as error:
        raise UsageError(f"--cron {error}", hint='for example "0 2 * * *"') from None
    _check_zone(schedule.timezone)
    _check_catalog(schedule.catalog)
    _check_reading(schedule.order.reading)
    if schedule.order.notify:
        check_webhook(schedule.order.notify)
    now = clock.now()
    due_at = next_due(schedule, now)
    if due_at is None:
        raise UsageError(f"--cron {schedule.cron!r} names no time that comes in {schedule.timezone}")
    # Control asks for this time in every round: whatever it could raise is raised here.
    latest_due(replace(schedule, created_at=now), now)
    schedules.add(replace(schedule, cron=" ".join(schedule.cron.split())))
    return due_at


def _check_name(name: str) -> None:
    if not name.strip():
        raise UsageError("the schedule has no name", hint="for example nightly")
    if len(name) > MAX_NAME:
        raise UsageError(
            f"the schedule's name has {len(name):,} characters, more than {MAX_NAME}", hint="shorten it"
        )
    if name != name.strip() or printable(name, MAX_NAME) != name:
        raise UsageError(
            f"the schedule's name {quoted(name)} holds a control character, or a space at an end",
            hint="remove it",
        )


def _check_zone(name: str) -> None:
    known = available_timezones() - _OF_THE_MACHINE
    if name in known and zone(name):
        return
    by_folded = {other.casefold(): other for other in known}
    # A number is an offset, which the zone of a near name does not have; nor do those of abbreviations.
    misspelled = len(name) > 4 and not any(character.isdigit() for character in name)
    cutoff = 0.6 if misspelled else 1.0
    near = difflib.get_close_matches(name[:MAX_ZONE].casefold(), by_folded, n=1, cutoff=cutoff)
    raise UsageError(
        f"there is no timezone {quoted(name)}",
        hint=f"did you mean {by_folded[near[0]]}?" if near else "for example Asia/Shanghai",
    )


def _check_catalog(catalog: str) -> None:
    try:
        catalog.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"the catalog's path {quoted(catalog, 300)} holds bytes that are not UTF-8",
            hint="rename the file or its folder",
        ) from None
    if "\0" in catalog:
        raise UsageError(f"the catalog's path {quoted(catalog, 300)} holds a NUL character")


def _check_reading(reading: ReadingOptions) -> None:
    """Whatever a run would refuse without having read the catalog."""
    if reading.encoding:
        named_encoding(reading.encoding)
    for column in reading.mapping:
        check_column(column)
