"""What was approved of a job of drafts is made for good: a job of its own, at the final preset."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, cast

from qie_batch.errors import Conflict, UsageError
from qie_batch.keys import job_key
from qie_batch.manifest.stored import row_line
from qie_batch.model import (
    BadRow,
    Decision,
    ItemState,
    JobSelection,
    NewItem,
    NewJob,
    Savings,
    cache_key_of,
)
from qie_batch.steps.stored_rows import CONTENT_TYPE, ROWS, rows_with_items, stored_rows
from qie_batch.steps.submit import new_job_id
from qie_batch.steps.submit.estimate import expected_edit
from qie_batch.steps.submit.files import Spool
from qie_batch.steps.submit.items import ItemSpool
from qie_batch.steps.submit.plan import preset_named, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

    from qie_batch.interfaces import Costs, EngineCatalog, Intake, Jobs, ObjectStore
    from qie_batch.model import EngineInfo, Item, Job, ManifestRow

#: Final jobs of one job of drafts that are looked at; each takes approved items that none before it has.
MOST_JOBS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FinaliseContext:
    jobs: Jobs
    intake: Intake
    costs: Costs
    store: ObjectStore
    engines: EngineCatalog


@dataclass(frozen=True, slots=True, kw_only=True)
class FinaliseRequest:
    job_id: str
    #: "" takes that of the job of drafts.
    preset: str = ""
    #: As in NewJob.
    request_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalised:
    job_id: str
    items: int
    savings: Savings


def finalise(request: FinaliseRequest, context: FinaliseContext) -> Finalised:
    """Enter a job of the approved items that no earlier one has, with their seeds and instructions.

    NotFound without such a job; UsageError for one without drafts; Conflict where nothing new is approved.
    """
    job = context.jobs.get(request.job_id)
    plan = _Plan(job, request.preset, context)
    earlier = list(context.jobs.latest(JobSelection(parent=job.id, limit=MOST_JOBS)))
    made = {item.spec.cache_key for each in earlier for item in context.jobs.items(each.id) if item.spec}
    new = NewJob(
        id=new_job_id(),
        order=replace(
            job.order, name=f"{job.order.name} (final)", preset=plan.preset, final_preset="", review=""
        ),
        engine_reason=job.engine_reason,
        manifest_key=job.manifest_key,
        folder=job.folder,
        request_id=request.request_id,
        traceparent=request.traceparent,
        parent=job.id,
    )
    with ExitStack() as stack:
        rows, items = stack.enter_context(closing(Spool())), stack.enter_context(closing(ItemSpool()))
        number = _write(plan, made, rows, items, context)
        if not number:
            raise _nothing_new(job, earlier)
        with rows.reader() as file:
            context.store.put(job_key(new.id, ROWS), cast("BufferedIOBase", file), CONTENT_TYPE)
        context.intake.add_job(new, items)
    return Finalised(job_id=new.id, items=number, savings=savings(request, context))


def savings(request: FinaliseRequest, context: FinaliseContext) -> Savings:
    """What the job of drafts and its final jobs cost and spare, by what is known now."""
    job = context.jobs.get(request.job_id)
    plan = _Plan(job, request.preset, context)
    drafts, approved = Counter[str](), Counter[str]()
    waiting = 0
    with stored_rows(job, context.store) as rows:
        for row, items in rows_with_items(rows, context.jobs.items(job.id)):
            if not isinstance(row, BadRow):
                preset = plan.preset_of(row)
                drafts[preset] += len(items)
                approved[preset] += sum(map(_is_approved, items))
                waiting += sum(item.state is ItemState.NEEDS_REVIEW for item in items)
    each = {preset: expected_edit(plan.info, preset, context.costs, context.engines) for preset in drafts}
    spent = context.costs.progress(job.id)
    return Savings(
        drafts=drafts.total(),
        approved=approved.total(),
        waiting=waiting,
        draft_seconds=spent.seconds,
        draft_micros=spent.spent_micros,
        final_seconds=sum(number * each[preset].seconds for preset, number in approved.items()),
        final_micros=round(sum(number * each[preset].micros for preset, number in approved.items())),
        all_seconds=sum(number * each[preset].seconds for preset, number in drafts.items()),
        all_micros=round(sum(number * each[preset].micros for preset, number in drafts.items())),
    )


class _Plan:
    """Drafts to final items, numbered in the order of the rows."""

    def __init__(self, job: Job, preset: str, context: FinaliseContext) -> None:
        self.job = job
        self.info: EngineInfo = context.engines.info(job.order.engine)
        wanted = preset or job.order.final_preset
        if not wanted:
            raise UsageError(
                f"job {job.id} was not submitted as drafts, so there is nothing to finalise",
                code="job_without_drafts",
                hint="name the preset of the final results",
                subject=job.id,
            )
        self.preset = preset_named(wanted, self.info).name
        self._ordinals = count()
        self._lora_groups: dict[tuple[str, str], int] = {}

    def preset_of(self, row: ManifestRow) -> str:
        return row.params.preset or self.preset

    def item(self, row: ManifestRow, draft: Item, made: set[str]) -> NewItem | None:
        """None for a draft that was not approved, or whose final edit is among those made."""
        if not _is_approved(draft) or draft.spec is None:
            return None
        preset = preset_named(self.preset_of(row), self.info)
        chosen = resolve(row.params, row.id, preset, self.info)
        params = replace(draft.spec.params, preset=chosen.preset, steps=chosen.steps, cfg=chosen.cfg)
        loras = self.info.runs_with(params.preset, params.lora_name)
        spec = replace(draft.spec, params=params, revision=self.info.revision, lora=loras)
        text = spec.canonical
        if cache_key_of(text) in made:
            return None
        group = self._lora_groups.setdefault((preset.lora, params.lora_name), len(self._lora_groups))
        return NewItem(
            ordinal=next(self._ordinals),
            line=draft.line,
            row_id=draft.row_id,
            variant=draft.variant,
            priority=self.job.order.priority if row.priority is None else row.priority,
            spec_text=text,
            cache_key=cache_key_of(text),
            lora_group=group,
            checks=row.checks,
        )


def _write(plan: _Plan, made: set[str], rows: Spool, items: ItemSpool, context: FinaliseContext) -> int:
    """Rows and items of the final job; the number of items."""
    number = 0
    with stored_rows(plan.job, context.store) as stored:
        rows.write(stored.header.line())
        for row, drafts in rows_with_items(stored, context.jobs.items(plan.job.id)):
            new = [] if isinstance(row, BadRow) else list(_new(plan, row, drafts, made))
            if new:
                rows.write(row_line(row))
                items.add(new)
                number += len(new)
    return number


def _new(plan: _Plan, row: ManifestRow, drafts: list[Item], made: set[str]) -> Iterator[NewItem]:
    return (item for draft in drafts if (item := plan.item(row, draft, made)))


def _is_approved(item: Item) -> bool:
    return item.state is ItemState.SUCCEEDED and item.review == Decision.APPROVED


def _nothing_new(job: Job, earlier: list[Job]) -> Conflict:
    if earlier:
        names = ", ".join(each.id for each in earlier)
        told = f"everything that is approved of job {job.id} is in {names} already"
    else:
        told = f"nothing of job {job.id} is approved yet"
    return Conflict(told, code="nothing_to_finalise", hint="approve some of its drafts", subject=job.id)
