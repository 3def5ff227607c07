"""When a schedule is due: in its own timezone, by the rules of Debian's cron."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from qie_batch.text import many, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.model import Schedule

#: Longer than any list of minutes, hours and days; CronSim raises ValueError for very long numbers.
MAX_CRON = 500

#: Of Jenkins (H), of other programs (R, @random) and of OpenBSD's cron (0~59).
_RANDOM = re.compile(r"@random|~|(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def latest_due(schedule: Schedule, now: float) -> float | None:
    """The last due time at or before `now`, by the schedule's timezone; None where there is none."""
    # CronSim yields times strictly before its start: the next whole second includes `now` itself.
    due = next(_times(schedule, math.floor(now) + 1, reverse=True), None)
    # In reverse, CronSim misses the times of a repeated hour (end of DST): search forward from there.
    while due is not None and (later := next_due(schedule, due)) is not None and later <= now:
        due = later
    return due


def next_due(schedule: Schedule, now: float) -> float | None:
    """The first due time after `now`; None for a schedule that `problem_of` has a sentence for."""
    # In a repeated hour (end of DST), CronSim starts from the first of the two.
    return next((due for due in _times(schedule, now) if due > now), None)


def problem_of(schedule: Schedule) -> str:
    """Why the clock cannot run a schedule that is stored, "" where it can."""
    if schedule.problem:
        return schedule.problem
    if zone(schedule.timezone) is None:
        return f"there is no timezone {quoted(schedule.timezone)}"
    reason = _reason(schedule.cron)
    return f"{quoted(schedule.cron)} {reason}" if reason else ""


def check_cron(cron: str) -> None:
    """Raise ValueError, with a sentence that begins with the cron, unless the cron names future times."""
    reason = _reason(cron)
    if reason:
        raise ValueError(f"{quoted(cron)} {reason}: minute, hour, day, month, weekday")


def zone(name: str) -> ZoneInfo | None:
    """The timezone of this name; None where the machine has none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError for a folder of zones, such as America
        return None


@lru_cache(maxsize=256)
def _reason(cron: str) -> str:
    """Why the cron names no future times, "" where it does. A day that never comes takes 10 ms to find."""
    try:
        next(_cron(cron, datetime.now(UTC)))
    except StopIteration:
        return f"is not a cron expression of times that come ({_hint(cron) or 'no date matches'})"
    except CronSimError as error:
        return f"is not a cron expression of times that come ({_hint(cron) or str(error).lower()})"
    return ""


def _hint(cron: str) -> str:
    """What a cron of another program asks for, which is not done here."""
    fields = cron.split()
    if _RANDOM.search(cron):
        return "times by chance are not run: name them"
    if cron.strip().lower() in _NICKNAMES:
        return f"write {_NICKNAMES[cron.strip().lower()]!r}"
    if cron.strip().startswith("@"):
        return "names with @ are not known"
    if len(fields) != 5:
        return f"{many(len(fields), 'field')}, not 5"
    return "write * for ?" if "?" in cron else ""


def _times(schedule: Schedule, start: float, *, reverse: bool = False) -> Iterator[float]:
    timezone = zone(schedule.timezone)
    if timezone is None:
        return
    begin = datetime.fromtimestamp(start, timezone)
    with suppress(CronSimError):
        for due in _cron(schedule.cron, begin, reverse=reverse):
            yield due.timestamp()


def _cron(cron: str, start: datetime, *, reverse: bool = False) -> CronSim:
    """CronSimError for anything but five fields; CronSim itself accepts a sixth, for seconds."""
    if len(cron) > MAX_CRON:
        raise CronSimError(f"more than {MAX_CRON} characters")
    if len(cron.split()) != 5:
        raise CronSimError("wrong number of fields")
    return CronSim(cron, start, reverse=reverse)
