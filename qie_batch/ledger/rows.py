"""Rows of the tables to the values of the model, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qie_batch.model import EditSpec, Failure, Item, ItemState, Job, JobState, OutputFormat, Priority, Result

if TYPE_CHECKING:
    from sqlalchemy import Row


def spec_text(spec: EditSpec) -> str:
    return json.dumps(spec.to_dict(), ensure_ascii=False)


def spec_of(text: str) -> EditSpec:
    fields = json.loads(text)
    return EditSpec(
        **{**fields, "inputs": tuple(fields["inputs"]), "output": OutputFormat(fields["output"])},
    )


def job_of(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        name=row.name,
        state=JobState(row.state),
        pause_reason=row.pause_reason,
        engine=row.engine,
        engine_reason=row.engine_reason,
        preset=row.preset,
        priority=Priority(row.priority),
        manifest_key=row.manifest_key,
        mapping=json.loads(row.mapping),
        instruction=row.instruction,
        folder=row.folder,
        budget_micros=row.budget_micros,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


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
        spec=spec_of(row.spec) if row.spec else None,
        attempt=row.attempt,
        cached=bool(row.cached),
        failure=Failure(code=row.error_code, reason=row.error or "") if row.error_code else None,
        result=result_of(row) if row.result_key else None,
        seconds=row.attempts_seconds or 0.0,
        cost_micros=int(row.attempts_cost or 0),
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
        seconds=row.result_seconds,
        cost_micros=row.result_cost,
    )
