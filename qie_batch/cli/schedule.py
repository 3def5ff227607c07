from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from qie_batch import wiring
from qie_batch.cli.orders import budget_micros, columns_of, s3_address, submit_scheduled
from qie_batch.errors import NotFound, UsageError
from qie_batch.keys import S3
from qie_batch.model import JobOrder, Priority, Schedule
from qie_batch.steps.schedule import check_cron, next_due, run_now
from qie_batch.text import printable

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.group()
def schedule() -> None:
    """Catalogs that are submitted by the clock; `qie-batch control` runs them."""


@schedule.command()
@click.argument("name")
@click.argument("catalog")
@click.option("--cron", required=True, help='Five fields, for example "0 2 * * *".')
@click.option("--timezone", default="UTC", show_default=True, help="For example Asia/Shanghai.")
@click.option("--engine", default="")
@click.option("--preset", default="reference", show_default=True, metavar="NAME")
@click.option(
    "--priority", default="low", show_default=True, type=click.Choice([p.name.lower() for p in Priority])
)
@click.option("--map", "mapping", multiple=True, metavar="COL=HEADER", help="Which header means a column.")
@click.option("--instruction", default="", help="For rows that have none.")
@click.option("--budget", default="", metavar="USD", help="Pause each run before it costs more.")
@click.pass_obj
def add(app: App, /, name: str, catalog: str, cron: str, timezone: str, **options: Any) -> None:
    """Submit CATALOG (a file, or s3://bucket/key) at every time the cron names."""
    try:
        check_cron(cron)
    except ValueError as error:
        raise UsageError(f"--cron {error}", hint='for example "0 2 * * *"') from None
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"there is no timezone {timezone!r}", hint="for example Asia/Shanghai") from None
    if catalog.startswith(S3):
        s3_address(catalog)
    else:
        path = Path(catalog).expanduser().absolute()
        if not path.is_file():
            raise UsageError(
                f"there is no catalog at {printable(str(path), 300)}",
                hint="control must be able to read it too",
            )
        catalog = str(path)
    order = JobOrder(
        engine=options["engine"],
        preset=options["preset"],
        priority=Priority[options["priority"].upper()],
        budget_micros=budget_micros(options["budget"] or None),
        mapping=columns_of(options["mapping"]),
        instruction=options["instruction"],
    )
    ledger = wiring.ledger(app.settings)
    new = Schedule(name=name, cron=cron, timezone=timezone, catalog=catalog, order=order)
    ledger.schedules.add(new)
    click.echo(f"schedule {name}: next at {_local(next_due(new, ledger.clock.now()), timezone)}")


@schedule.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """Every schedule, when it runs next, and what became of its last runs."""
    ledger = wiring.ledger(app.settings)
    now = ledger.clock.now()
    found = [(entry, ledger.schedules.latest_runs(entry.name, limit=5)) for entry in ledger.schedules.all()]
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "name": entry.name,
                        "cron": entry.cron,
                        "timezone": entry.timezone,
                        "catalog": entry.catalog,
                        "next": next_due(entry, now),
                        "slots": [
                            {
                                "due_at": slot.due_at,
                                "state": slot.state,
                                "job": slot.job_id,
                                "note": slot.note,
                            }
                            for slot in slots
                        ],
                    }
                    for entry, slots in found
                ],
                ensure_ascii=False,
            )
        )
        return
    if not found:
        click.echo('no schedules: `qie-batch schedule add nightly catalog.csv --cron "0 2 * * *"` makes one')
    for entry, slots in found:
        click.echo(f"{entry.name}: {entry.cron} {entry.timezone}, {entry.catalog}")
        click.echo(f"  next {_local(next_due(entry, now), entry.timezone)}")
        for slot in slots:
            click.echo(f"  {_local(slot.due_at, entry.timezone)}  {slot.state}  {slot.job_id or slot.note}")


@schedule.command()
@click.argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    """Forget schedule NAME; jobs that it submitted stay."""
    if not wiring.ledger(app.settings).schedules.remove(name):
        raise NotFound(f"there is no schedule {name!r}", code="schedule_unknown", subject=name)
    click.echo(f"schedule {name} is removed")


@schedule.command()
@click.argument("name")
@click.pass_obj
def run(app: App, name: str) -> None:
    """Submit schedule NAME now, beside its clock; the last line is the job's id."""
    settings = app.settings
    ledger = wiring.ledger(settings)
    found = next((entry for entry in ledger.schedules.all() if entry.name == name), None)
    if found is None:
        raise NotFound(f"there is no schedule {name!r}", code="schedule_unknown", subject=name)
    click.echo(run_now(found, wiring.schedule_context(ledger, partial(submit_scheduled, settings=settings))))


def _local(moment: float | None, timezone: str) -> str:
    if moment is None:  # earlier versions took a cron whose day never comes
        return "never"
    return datetime.fromtimestamp(moment, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M %Z")
