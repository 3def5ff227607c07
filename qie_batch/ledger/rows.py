"""Rows of the tables -> values of the model, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from qie_batch.ledger.tables import items, jobs
from qie_batch.model import (
    Candidate,
    Checks,
    EditSpec,
    Failure,
    Item,
    ItemState,
    Job,
    JobOrder,
    JobState,
    OutputFormat,
    Priority,
    ReadingOptions,
    Result,
    RowDefaults,
    Verdict,
    findings_text,
    parsed_findings,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Row


def order_text(order: JobOrder) -> str:
    """The order as JSON, the form of the column `options` of a schedule."""
    return json.dumps({**asdict(order), "priority": int(order.priority)}, ensure_ascii=False)


def order_of(text: str) -> JobOrder:
    fields: dict[str, Any] = json.loads(text)
    fields["priority"] = Priority(fields["priority"])
    fields["reading"] = ReadingOptions(**fields["reading"])
    fields["defaults"] = _defaults(fields["defaults"])
    return JobOrder(**fields)


def _defaults(fields: dict[str, Any]) -> RowDefaults:
    size, output = fields.get("size"), fields.get("output", OutputFormat.AUTO)
    read: dict[str, Any] = {"size": tuple(size) if size else None, "output": OutputFormat(output)}
    if checks := fields.get("checks"):
        read["checks"] = Checks.of(checks)
    return RowDefaults(**{**fields, **read})


def json_of_seconds(phases: Mapping[str, float]) -> str:
    """Seconds by phase as JSON, to a tenth of a millisecond."""
    return json.dumps({name: round(seconds, 4) for name, seconds in phases.items()}, separators=(",", ":"))


def json_of_ran(ran: Mapping[str, Any]) -> str:
    """Of values that JSON has not, their texts: what an engine says of an edit fails no edit."""
    return json.dumps(ran, separators=(",", ":"), ensure_ascii=False, default=str) if ran else "{}"


def fields_of(result: Result) -> dict[str, Any]:
    """The columns of `results` but those of time."""
    fields = {each.name: getattr(result, each.name) for each in dataclass_fields(result)}
    fields["ran"] = json_of_ran(result.ran)
    fields["findings"] = findings_text(result.findings)
    passed = Verdict.PASSED if result.findings else ""
    return fields | {"verdict": Verdict.FAILED if result.is_failed else passed}


def job_of(row: Row[Any]) -> Job:
    order = JobOrder(
        name=row.name,
        engine=row.engine,
        preset=row.preset,
        priority=Priority(row.priority),
        budget_micros=row.budget_micros,
        reading=ReadingOptions(**json.loads(row.reading)),
        defaults=_defaults(json.loads(row.defaults)),
        owner=row.owner,
        notify=row.notify,
        review=row.review,
        final_preset=row.final_preset,
    )
    return Job(
        id=row.id,
        order=order,
        engine_reason=row.engine_reason,
        manifest_key=row.manifest_key,
        folder=row.folder,
        state=JobState(row.state),
        pause_reason=row.pause_reason,
        created_at=row.created_at,
        closed_at=row.closed_at,
        request_id=row.request_id,
        traceparent=row.traceparent,
        parent=row.parent,
        reviewed_at=row.reviewed_at,
    )


def lock_job(connection: Connection, job_id: str) -> None:
    """Serialise changes of a job, so that each sees the items as the one before left them (PostgreSQL)."""
    connection.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())


def owned(owner: str | None) -> tuple[ColumnElement[bool], ...]:
    """The condition on `jobs` for the jobs of one tenant; none for None, who sees all."""
    return () if owner is None else (jobs.c.owner == owner,)


def of_owned_jobs(column: Column[str], owner: str | None) -> tuple[ColumnElement[bool], ...]:
    """Likewise for another table, whose column holds a job's id."""
    return () if owner is None else (column.in_(select(jobs.c.id).where(jobs.c.owner == owner)),)


#: The order in which items of one job and state are queued, and that of the index that finds them.
TURNS = (items.c.priority, items.c.lora_group, items.c.ordinal)


def has_item(states: Iterable[ItemState], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on `jobs` for jobs with an item in one of the states.

    One look for each state, in the order of the index: without the order, or for several states at once,
    PostgreSQL reads all items until it finds one.
    """
    first = (
        select(1)
        .where(items.c.job_id == jobs.c.id, items.c.state == state, *conditions)
        .order_by(*TURNS)
        .limit(1)
        .correlate(jobs)
        .scalar_subquery()
        for state in states
    )
    return or_(*(found.is_not(None) for found in first))


def item_of(row: Row[Any]) -> Item:
    """A row of items joined with its result and with the sums over its attempts."""
    return Item(
        id=row.id,
        job_id=row.job_id,
        ordinal=row.ordinal,
        line=row.line,
        row_id=row.row_id,
        variant=row.variant,
        state=ItemState(row.state),
        spec=EditSpec.parse(row.spec) if row.spec else None,
        attempt=row.attempt,
        cached=bool(row.cached),
        failure=Failure(code=row.error_code, reason=row.error or "") if row.error_code else None,
        result=result_of(row) if row.result_key else None,
        seconds=row.attempts_seconds or 0.0,
        cost_micros=int(row.attempts_cost or 0),
        review=row.review,
        version=row.version,
        rerolls=len(Candidate.parse(row.candidates)),
    )


def result_of(row: Row[Any]) -> Result:
    return Result(
        cache_key=row.result_key,
        object_key=row.object_key,
        sha256=row.sha256,
        size=row.size,
        width=row.width,
        height=row.height,
        engine=row.result_engine,
        device=row.device,
        changed=row.changed,
        note=row.note,
        ran=json.loads(row.ran),
        findings=parsed_findings(row.findings),
        seconds=row.result_seconds,
        cost_micros=row.result_cost,
    )
