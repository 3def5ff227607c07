"""Catalogs that are submitted by the clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from qie_batch import views, wiring
from qie_batch.errors import UsageError
from qie_batch.gateway.access import JobsReader, JobsWriter, Subject
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.jobs.options import OrderOptions, Word
from qie_batch.interfaces import Schedules
from qie_batch.keys import S3Address
from qie_batch.model import RunSummary, Schedule
from qie_batch.steps.known_engines import check_engine
from qie_batch.steps.schedule import add_schedule, last_summary, next_due, problem_of, run_now
from qie_batch.steps.schedule.tenants import named_for, schedule_named, short_name
from qie_batch.steps.submit import chosen_engine, s3_address
from qie_batch.steps.uploads import address_of, catalog_of, find

router = APIRouter(prefix="/api/schedules", tags=["schedules"])

#: Those of a tenant are TENANT/NAME to an administrator, with a slash, whether it is escaped or not.
Name = Annotated[str, Path(pattern=r"^[^\x00-\x1f]{1,200}$")]
#: Due times shown of each schedule.
RUNS = 5


class NewSchedule(OrderOptions):
    """The catalog is a file of an upload, or an object of a bucket that QIE_IMAGE_BUCKETS lists."""

    schedule: Annotated[str, Field(min_length=1, max_length=100, description="What it is called.")]
    cron: Annotated[str, Field(max_length=500, description="Five fields, such as 0 2 * * *.")]
    timezone: Word = "UTC"
    upload: Word = ""
    catalog: Annotated[str, Field(max_length=1000)] = Field(
        "", description="Which file of the upload; without an upload, s3://bucket/key."
    )


@router.get("", name="list")
def schedules(subject: JobsReader, context: Context) -> list[views.ScheduleView]:
    """Every schedule, when it runs next, and what became of its last runs."""
    ledger = subject.ledger(context)
    now = ledger.clock.now()
    return [_view(entry, ledger.schedules, subject, now) for entry in ledger.schedules.all()]


def summaries(subject: Subject, context: GatewayContext) -> dict[str, RunSummary]:
    """Of the last run of each schedule that has run, by the name that the subject has for it."""
    ledger = subject.ledger(context)
    found = {
        short_name(subject.tenant, entry.name): last_summary(
            entry, ledger.schedules, ledger.jobs, ledger.costs
        )
        for entry in ledger.schedules.all()
    }
    return {name: summary for name, summary in found.items() if summary}


@router.post("", status_code=201)
def add(body: NewSchedule, subject: JobsWriter, context: Context) -> views.ScheduleView:
    """Submit a catalog at every time that the cron names."""
    ledger = subject.ledger(context)
    order = body.order(subject.tenant)
    check_engine(order.engine, context.submit.engines)
    chosen_engine(order, context.submit.engines)
    new = named_for(
        subject.tenant,
        Schedule(
            name=body.schedule,
            cron=body.cron,
            timezone=body.timezone,
            catalog=_catalog(body, subject, context),
            order=order,
        ),
    )
    add_schedule(new, ledger.schedules, ledger.clock, context.submit.check_webhook)
    stored = schedule_named(ledger.schedules, subject.tenant, body.schedule)
    return _view(stored, ledger.schedules, subject, ledger.clock.now())


@router.delete("/{name:path}", status_code=204)
def remove(name: Name, subject: JobsWriter, context: Context) -> None:
    """Forget it; jobs that it submitted stay."""
    found = subject.ledger(context).schedules
    found.remove(schedule_named(found, subject.tenant, name).name)


@router.post("/{name:path}/run", status_code=201)
def run(name: Name, subject: JobsWriter, context: Context) -> views.JobView:
    """Submit it now, beside its clock."""
    ledger = subject.ledger(context)
    found = schedule_named(ledger.schedules, subject.tenant, name)
    with context.submitting.one():
        job_id = run_now(found, wiring.schedule_context(context.settings, ledger))
    return views.job_view(ledger.costs.progress(job_id))


def _catalog(body: NewSchedule, subject: Subject, context: GatewayContext) -> str:
    """The address that control submits."""
    if body.upload:
        upload = find(context.store, subject.tenant, body.upload)
        return address_of(upload, catalog_of(upload, body.catalog), context.store)
    address: S3Address = s3_address(body.catalog)
    if address.bucket not in context.settings.image_buckets:
        raise UsageError(
            f"no catalog may come from bucket {address.bucket!r}: QIE_IMAGE_BUCKETS does not list it",
            code="catalog_address",
            hint="upload the catalog",
        )
    return str(address)


def _view(entry: Schedule, schedules: Schedules, subject: Subject, now: float) -> views.ScheduleView:
    shown = replace(entry, problem=problem_of(entry))
    view = views.schedule_view(shown, schedules.latest_runs(entry.name, limit=RUNS), next_due(entry, now))
    return replace(view, name=short_name(subject.tenant, entry.name))
