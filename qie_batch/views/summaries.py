"""The summary of a scheduled run: its figures, and the same in plain sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from qie_batch.model import RunState, RunSummary
from qie_batch.pricing import usd
from qie_batch.text import many
from qie_batch.views.amounts import Moment, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class MendView:
    code: str
    edits: int
    #: The first row of them, and what is wrong with it.
    row: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryView:
    schedule: str
    due_at: Moment
    state: RunState
    note: str
    job: str
    done: bool
    total: int
    unchanged: int
    changed: int
    edited: int
    failed: int
    cancelled: int
    needs_review: int
    rejected: int
    spent_micros: Annotated[Usd, Field(serialization_alias="spent_usd")]
    saved_micros: Annotated[Usd, Field(serialization_alias="saved_usd")]
    mend: tuple[MendView, ...]
    #: One line, and all of it in sentences, for people.
    title: str
    text: str


#: Fields of both.
_SAME: tuple[str, ...] = (
    *("schedule", "due_at", "state", "note", "total", "unchanged", "changed", "edited", "failed"),
    *("cancelled", "needs_review", "rejected", "spent_micros", "saved_micros"),
)


def summary_view(summary: RunSummary, gateway_url: str = "") -> SummaryView:
    """With a link to the job where the gateway has an address."""
    mend = [
        MendView(code=each.code, edits=each.edits, row=each.row_id, reason=each.reason)
        for each in summary.mend
    ]
    return SummaryView(
        **{name: getattr(summary, name) for name in _SAME},
        job=summary.job_id,
        done=summary.is_done,
        mend=tuple(mend),
        title=_title(summary),
        text="\n".join(_sentences(summary, gateway_url)),
    )


def _title(summary: RunSummary) -> str:
    if not summary.job_id:
        return f"{summary.schedule}: {_STATES.get(summary.state, str(summary.state))}"
    return f"{summary.schedule}: {_outcomes(summary) or 'nothing to edit'}"


_STATES = {
    RunState.SKIPPED: "skipped",
    RunState.FAILED: "its catalog was refused",
    RunState.TAKEN: "being submitted",
}


def _sentences(summary: RunSummary, gateway_url: str) -> list[str]:
    when = f"The run of {summary.schedule} at {local_time(summary.due_at, summary.timezone)}"
    if not summary.job_id:
        state = _STATES.get(summary.state, str(summary.state))
        return [f"{when}: {state}.", *([f"{summary.note.rstrip('.')}."] if summary.note else [])]
    lines = [
        f"{when} is done." if summary.is_done else f"{when} is still going.",
        f"The catalog asks for {many(summary.total, 'edit')}: {_parts(summary)}.",
        f"{(_outcomes(summary) or 'nothing had to be edited').capitalize()}.",
        f"It cost {usd(summary.spent_micros)}; what had not changed saved {usd(summary.saved_micros)}.",
    ]
    if summary.mend:
        lines.append("To mend:")
        lines += [
            f"- {many(each.edits, 'edit')} ({each.code}), first in row {each.row_id}: {each.reason}"
            for each in summary.mend
        ]
    place = f"{gateway_url.rstrip('/')}/jobs/{summary.job_id}" if gateway_url else ""
    lines.append(f"More: {place or f'qie-batch status {summary.job_id}'}")
    return lines


def _parts(summary: RunSummary) -> str:
    return f"{summary.unchanged:,} as before, {summary.changed:,} new or changed"


def _outcomes(summary: RunSummary) -> str:
    """Those that there are."""
    told = (
        (summary.edited, "edited"),
        (summary.failed, "failed"),
        (summary.needs_review, "waiting for a person to look at"),
        (summary.rejected, "rejected"),
        (summary.cancelled, "cancelled"),
    )
    return ", ".join(f"{number:,} {words}" for number, words in told if number)


def local_time(moment: float, timezone: str) -> str:
    """By the schedule's clock, or by UTC where there is no such timezone any more."""
    try:
        place = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return local_time(moment, "UTC")
    return datetime.fromtimestamp(moment, UTC).astimezone(place).strftime("%Y-%m-%d %H:%M %Z")
