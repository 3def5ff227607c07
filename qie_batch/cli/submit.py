from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qie_batch import wiring
from qie_batch.cli import SOME_FAILED, App
from qie_batch.cli.display import echo_json, note, sentence, wait
from qie_batch.cli.orders import (
    Prepared,
    budget_micros,
    carry_out,
    catalog_file,
    columns_of,
    prepare,
)
from qie_batch.errors import QueueUnavailable
from qie_batch.model import ItemState, JobOrder, JobState, Priority
from qie_batch.pricing import usd
from qie_batch.steps.dispatch import dispatch, expected_micros
from qie_batch.text import many
from qie_batch.views import EstimateView, bad_row_view, dumped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import BadRow
    from qie_batch.settings import Settings

PRIORITIES = [priority.name.lower() for priority in Priority]


@click.command()
@click.argument("catalog")
@click.option("--name", default="", help="What the job is called.  [default: the catalog's file name]")
@click.option("--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]")
@click.option("--preset", default="reference", show_default=True, metavar="NAME")
@click.option("--priority", default="normal", show_default=True, type=click.Choice(PRIORITIES))
@click.option("--map", "mapping", multiple=True, metavar="COL=HEADER", help="Which header means a column.")
@click.option("--instruction", default="", help="For rows that have none.")
@click.option("--skip-bad-rows", is_flag=True, help="Submit the good rows; the bad ones become failed items.")
@click.option("--budget", metavar="USD", help="Pause the job before it costs more.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print one JSON object.")
@click.option("--wait", "waits", is_flag=True, help="Wait until the job is closed.")
@click.pass_obj
def submit(app: App, /, catalog: str, **options: Any) -> None:
    """Check CATALOG, upload its pictures and enter it as a job; the last line is the job's id.

    CATALOG is a CSV, TSV or JSONL file, here or at s3://bucket/key.
    """
    order = JobOrder(
        name=options["name"],
        engine=options["engine"],
        preset=options["preset"],
        priority=Priority[options["priority"].upper()],
        mapping=columns_of(options["mapping"]),
        instruction=options["instruction"],
        budget_micros=budget_micros(options["budget"]),
    )
    settings = app.settings
    ledger = wiring.ledger(settings)
    with catalog_file(catalog, settings) as (path, folder):
        skip_bad_rows = options["skip_bad_rows"] or options["dry_run"]
        prepared = prepare(path, folder, order, settings, ledger.intake, skip_bad_rows=skip_bad_rows)
        note(f"engine {prepared.order.info.name}: {prepared.order.job.engine_reason}")
        if options["dry_run"]:
            plan = _estimated(prepared, settings, ledger)
            if options["as_json"]:
                echo_json(dumped(plan))
            else:
                _show_plan(plan, prepared.survey.bad_rows)
            return
        new = carry_out(prepared, ledger.intake, wiring.store(settings))
    _say_submitted(prepared, new)
    _dispatch(settings, ledger)
    well = _wait(ledger, prepared.order.job.id) if options["waits"] else True
    click.echo(prepared.order.job.id)
    if not well:
        raise click.exceptions.Exit(SOME_FAILED)


def _say_submitted(prepared: Prepared, new: int) -> None:
    survey = prepared.survey
    note(
        f"{many(survey.rows, 'row')}, {many(survey.items, 'item')}, {many(survey.pictures, 'picture')} "
        f"({new} uploaded, {survey.pictures - new} there already)"
    )
    if survey.bad:
        note(f"{many(survey.bad, 'row')} cannot be edited; `qie-batch results` writes them to errors.csv")
    if survey.cached and survey.cached == survey.items - survey.bad:
        note("every edit is cached: nothing to do, nothing to pay")
    elif survey.cached:
        note(f"{survey.cached} of the edits are cached, {sum(survey.edits.values())} to be made")


def _dispatch(settings: Settings, ledger: SqlLedger) -> None:
    """Start at once; if the broker is away, control does it when it is back."""
    try:
        dispatch(wiring.dispatch_context(settings, ledger))
    except QueueUnavailable as error:
        note(f"{error.message}; the job is safe in the ledger and starts when the broker is back")


def _wait(ledger: SqlLedger, job_id: str) -> bool:
    """Whether the job came to its end with no failed row."""
    progress = wait(ledger.costs, job_id)
    note(sentence(progress))
    if progress.job.state is JobState.PAUSED:
        budget = " --budget USD" if progress.job.pause_reason == "budget" else ""
        note(f"the job is paused ({progress.job.pause_reason}); `qie-batch resume {job_id}{budget}` goes on")
        return False
    return not progress.counts[ItemState.FAILED]


def _estimated(prepared: Prepared, settings: Settings, ledger: SqlLedger) -> EstimateView:
    """Seconds and money by the mean of earlier edits, by the preset's own figure where there are none."""
    survey, info = prepared.survey, prepared.order.info
    engines = wiring.InstalledEngines(settings)
    seconds = micros = 0.0
    for preset, edits in survey.edits.items():
        history = ledger.costs.history(info.name, preset)
        seconds += edits * (history.seconds if history.edits else info.expected_seconds(preset))
        each = history.cost_micros if history.edits else expected_micros(info.name, preset, engines)
        micros += edits * each
    return EstimateView(
        engine=info.name,
        rows=survey.rows,
        items=survey.items,
        pictures=survey.pictures,
        cached=survey.cached,
        edits=sum(survey.edits.values()),
        device_seconds=seconds,
        cost_micros=round(micros),
        bad=survey.bad,
        bad_rows=tuple(bad_row_view(row) for row in survey.bad_rows),
    )


def _show_plan(plan: EstimateView, bad_rows: Iterable[BadRow]) -> None:
    counts = many(plan.rows, "row"), many(plan.items, "item"), many(plan.pictures, "different picture")
    click.echo(", ".join(counts))
    click.echo(f"{plan.cached} cached, {plan.edits} to edit, {plan.bad} that cannot be edited")
    for row in bad_rows:
        click.echo(f"  {row}")
    click.echo(f"about {plan.device_seconds:,.0f} device seconds, {usd(plan.cost_micros)}")
    click.echo("dry run: nothing was written")
