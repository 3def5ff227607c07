from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal
from qie_batch.cli.options import job_order, order_options
from qie_batch.errors import NotFound, UsageError
from qie_batch.keys import S3
from qie_batch.model import Schedule
from qie_batch.steps.schedule import add_schedule, last_summary, next_due, problem_of, run_now, zone
from qie_batch.steps.submit import chosen_engine, s3_address
from qie_batch.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.cli import App
    from qie_batch.interfaces import Schedules


@click.group()
def schedule() -> None:
    """Catalogs that are submitted by the clock; `qie-batch control` runs them."""


@schedule.command()
@click.argument("name")
@click.argument("catalog")
@click.option("--cron", required=True, help='Five fields, for example "0 2 * * *".')
@click.option("--timezone", default="UTC", show_default=True, help="For example Asia/Shanghai.")
@order_options(priority="low")
@click.pass_obj
def add(app: App, /, name: str, catalog: str, cron: str, timezone: str, **options: Any) -> None:
    """Submit CATALOG (a file, or s3://bucket/key) at every time the cron names."""
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
    order = job_order(options)
    if order.preset or order.defaults.lora:
        chosen_engine(order, wiring.InstalledEngines(app.settings))
    ledger = wiring.ledger(app.settings)
    new = Schedule(name=name, cron=cron, timezone=timezone, catalog=catalog, order=order)
    check_webhook = wiring.webhook_sender(app.settings).check
    due_at = add_schedule(new, ledger.schedules, ledger.clock, check_webhook)
    click.echo(f"schedule {name}: next at {_local(due_at, timezone)}")


@schedule.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """Every schedule, when it runs next, and what became of its last runs."""
    ledger = wiring.ledger(app.settings)
    now = ledger.clock.now()
    found = [
        views.schedule_view(
            replace(entry, problem=problem_of(entry)),
            ledger.schedules.latest_runs(entry.name, limit=5),
            next_due(entry, now),
        )
        for entry in ledger.schedules.all()
    ]
    if as_json:
        echo_json([views.dumped(entry) for entry in found])
    elif not found:
        click.echo('no schedules: `qie-batch schedule add nightly catalog.csv --cron "0 2 * * *"` makes one')
    elif is_terminal(sys.stdout):
        _show_table(found)
    else:
        for entry in found:
            click.echo(f"{entry.name}: {entry.cron} {entry.timezone}, {entry.catalog}")
            click.echo(f"  {_next(entry)}")
            for run in entry.runs:
                click.echo(f"  {_local(run.due_at, entry.timezone)}  {run.state}  {run.job or run.note}")


def _show_table(found: Iterable[views.ScheduleView]) -> None:
    """A line for each schedule, one for its next time and one for each of its last runs."""
    from qie_batch.cli.terminal import Column, console, print_table

    columns = (
        *(Column(title=title) for title in ("schedule", "when", "state")),
        Column(title="catalog, job or note", may_wrap=True),
    )
    rows: list[tuple[str, ...]] = []
    for entry in found:
        rows.append((entry.name, f"{entry.cron} {entry.timezone}", "", entry.catalog))
        rows.append(
            ("", "never", "broken", entry.problem) if entry.problem else ("", _due(entry), "next", "")
        )
        rows += [
            ("", _local(run.due_at, entry.timezone), str(run.state), run.job or run.note)
            for run in entry.runs
        ]
    print_table(console(sys.stdout), columns, rows)


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
    click.echo(run_now(_named(name, ledger.schedules), wiring.schedule_context(settings, ledger)))


@schedule.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def summary(app: App, name: str, *, as_json: bool) -> None:
    """What came of the last run of schedule NAME, and what is to be mended."""
    ledger = wiring.ledger(app.settings)
    found = last_summary(_named(name, ledger.schedules), ledger.schedules, ledger.jobs, ledger.costs)
    if found is None:
        raise NotFound(f"schedule {name!r} has not run yet", code="schedule_not_run", subject=name)
    shown = views.summary_view(found, app.settings.gateway_url)
    if as_json:
        echo_json(views.dumped(shown))
    else:
        click.echo(shown.text)


def _named(name: str, schedules: Schedules) -> Schedule:
    found = next((entry for entry in schedules.all() if entry.name == name), None)
    if found is None:
        raise NotFound(f"there is no schedule {name!r}", code="schedule_unknown", subject=name)
    return found


def _next(entry: views.ScheduleView) -> str:
    return f"next never, broken: {entry.problem}" if entry.problem else f"next {_due(entry)}"


def _due(entry: views.ScheduleView) -> str:
    return "never" if entry.next is None else _local(entry.next, entry.timezone)


def _local(moment: float, timezone: str) -> str:
    """By the schedule's clock, or by UTC where there is no such timezone any more."""
    return datetime.fromtimestamp(moment, zone(timezone) or UTC).strftime("%Y-%m-%d %H:%M %Z")
