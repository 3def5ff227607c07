from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from qie_batch import wiring
from qie_batch.cli import SOME_FAILED, App
from qie_batch.cli.display import bars, echo_json, note, sentence, wait
from qie_batch.cli.options import flag, job_order, order_options
from qie_batch.errors import QieError
from qie_batch.model import ItemState, JobState
from qie_batch.pricing import usd
from qie_batch.processes.signals import exits_by_sigterm
from qie_batch.steps.dispatch import dispatch
from qie_batch.steps.orders import unused
from qie_batch.steps.submit import SubmitRequest, enter, estimate, prepare
from qie_batch.text import many, quoted

if TYPE_CHECKING:
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.manifest import Understanding
    from qie_batch.model import Estimate
    from qie_batch.settings import Settings
    from qie_batch.steps.submit import Submitted, Survey


@click.command()
@click.argument("catalog")
@click.option("--name", default="", help="What the job is called.  [default: the catalog's file name]")
@order_options(priority="normal")
@click.option("--skip-bad-rows", is_flag=True, help="Submit the good rows; the bad ones become failed items.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print one JSON object.")
@click.option("--wait", "waits", is_flag=True, help="Wait until the job is closed.")
@click.pass_obj
def submit(app: App, /, catalog: str, **options: Any) -> None:
    """Check CATALOG, upload its pictures and enter it as a job; the last line is the job's id.

    CATALOG is a CSV, TSV, XLSX or JSONL file, here or at s3://bucket/key.
    """
    request = SubmitRequest(
        address=catalog,
        order=job_order(options),
        skip_bad_rows=options["skip_bad_rows"] or options["dry_run"],
    )
    settings = app.settings
    ledger = wiring.ledger(settings)
    with exits_by_sigterm(), bars() as progress:
        context = replace(wiring.submit_context(settings, ledger, progress), understood=_say_understood)
        with prepare(request, context) as prepared:
            note(f"engine {prepared.info.name}: {prepared.job.engine_reason}")
            if left_out := unused(request.order, prepared.info):
                note(f"engine {prepared.info.name} does not use {', '.join(map(flag, left_out))}")
            _say_of_images(prepared.survey)
            if options["dry_run"]:
                plan = estimate(prepared, context)
                _show_estimate(plan, prepared.survey.understood, as_json=options["as_json"])
                return
            submitted = enter(prepared, context)
    _say_submitted(submitted)
    _dispatch(settings, ledger)
    well = _wait(ledger, submitted.job_id) if options["waits"] else True
    click.echo(submitted.job_id)
    if not well:
        raise click.exceptions.Exit(SOME_FAILED)


def _say_understood(understood: Understanding) -> None:
    for line in understood.sentences():
        note(line)


def _say_of_images(survey: Survey) -> None:
    if survey.fetched or survey.unchanged:
        note(f"{many(survey.fetched, 'picture')} fetched from the web, {survey.unchanged} not changed there")
    number, name = survey.unended
    if number:
        among = quoted(name, 200) if number == 1 else f"{quoted(name, 200)} and {number - 1} more"
        note(f"no end marker, but all pixels, so edited: {among}")


def _say_submitted(submitted: Submitted) -> None:
    survey = submitted.survey
    note(
        f"{many(survey.rows, 'row')}, {many(survey.items, 'item')}, {many(survey.images, 'picture')} "
        f"({submitted.uploaded} uploaded, {survey.images - submitted.uploaded} there already)"
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
    except QieError as error:  # of the broker, or of another job's engine
        note(f"{error.message}; the job is safe in the ledger and starts when control can send it")


def _wait(ledger: SqlLedger, job_id: str) -> bool:
    """Whether the job came to its end with no failed row."""
    progress = wait(ledger.costs, job_id)
    note(sentence(progress))
    if progress.job.state is JobState.PAUSED:
        budget = " --budget USD" if progress.job.pause_reason == "budget" else ""
        note(f"the job is paused ({progress.job.pause_reason}); `qie-batch resume {job_id}{budget}` goes on")
        return False
    return not progress.counts[ItemState.FAILED]


def _show_estimate(plan: Estimate, understood: Understanding, *, as_json: bool) -> None:
    if as_json:
        from qie_batch.views import dumped, estimate_view

        echo_json({**dumped(estimate_view(plan)), "understood": dumped(understood)})
        return
    counts = many(plan.rows, "row"), many(plan.items, "item"), many(plan.images, "different picture")
    click.echo(", ".join(counts))
    click.echo(f"{plan.cached} cached, {plan.edits} to edit, {plan.bad} that cannot be edited")
    for row in plan.bad_rows:
        click.echo(f"  {row}")
    click.echo(f"about {plan.device_seconds:,.0f} device seconds, {usd(plan.cost_micros)}")
    click.echo("dry run: nothing was written")
