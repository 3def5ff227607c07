"""A sample catalog from beginning to end, on a stack of its own."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import note, sentence, typed, wait
from qie_batch.local.sample import FULL_CATALOG, SAMPLES, copy_sample
from qie_batch.model import ItemState, JobOrder, JobState
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.pricing import usd
from qie_batch.processes.embedded import embedded_stack
from qie_batch.processes.logins import login_address
from qie_batch.processes.signals import stop_event
from qie_batch.steps.choices import ChoicesRequest, make_choices
from qie_batch.steps.collect import collect
from qie_batch.steps.submit import SubmitRequest, enter, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.cli import App
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Progress
    from qie_batch.settings import Settings

CHOICES = "choices.html"


@click.command()
@click.option(
    "--catalog",
    "name",
    type=click.Choice([name for name in SAMPLES if name]),
    help="One of the catalogs for a use.  [default: one with all kinds of edits]",
)
@click.option("--keep", is_flag=True, help="Go on after the job, and show its page, until Ctrl-C.")
@click.pass_obj
def demo(app: App, /, name: str | None, *, keep: bool) -> None:
    """Edit a copy of a sample catalog on an embedded stack in a scratch folder, and show the result."""
    name = name or ""
    folder = app.folder.absolute() if app.folder else Path(tempfile.mkdtemp(prefix="qie-batch-demo-"))
    catalog = copy_sample(folder / "catalog", name)
    results = folder / "results"
    with embedded_stack(folder / "stack") as embedded:
        settings, addresses = embedded.settings, embedded.stack.addresses()
        note(f"embedded stack: broker {addresses['broker']}, store {addresses['store']}")
        note(f"Flower while it runs: {addresses['flower']}")
        ledger = wiring.ledger(settings)
        progress = _edited(catalog, name, settings, ledger)
        note(sentence(progress))
        _collect(progress, results, settings, ledger)
        _write_choices(progress, name, results / CHOICES, settings, ledger)
        outcomes = _outcomes(progress, ledger)
        ledger.dispose()
        if keep:
            click.echo(f"page     {login_address(settings, f'/jobs/{progress.job.id}')}")
            note("Ctrl-C ends it")
            embedded.wait(stop_event())
    _report(progress, outcomes, name, folder)


def _edited(catalog: Path, name: str, settings: Settings, ledger: SqlLedger) -> Progress:
    """The job of the catalog, once it is over."""
    info, _ = wiring.InstalledEngines(settings).choose()
    if name and info.name == "qwen":
        catalog = catalog.with_name(FULL_CATALOG)
    note(f"the sample catalog: {catalog}")
    order = JobOrder(name=f"sample catalog {name}".rstrip())
    context = wiring.submit_context(settings, ledger)
    with prepare(SubmitRequest(address=str(catalog), order=order), context) as prepared:
        note(f"engine {prepared.info.name}: {prepared.job.engine_reason}")
        submitted = enter(prepared, context)
    return wait(ledger.costs, submitted.job_id)


def _collect(progress: Progress, results: Path, settings: Settings, ledger: SqlLedger) -> None:
    store, gates = wiring.store(settings), wiring.gate_names()
    collecting = collect(progress.job, results, DEFAULT_TEMPLATE, jobs=ledger.jobs, store=store, gates=gates)
    for _ in collecting:
        pass


def _write_choices(progress: Progress, name: str, page: Path, settings: Settings, ledger: SqlLedger) -> None:
    """The page to choose on, for a sample whose rows are alternatives."""
    if not SAMPLES[name].choose_by:
        return
    request = ChoicesRequest(job_id=progress.job.id, by=SAMPLES[name].choose_by)
    with wiring.decoders(settings) as decoders, page.open("wb") as file:
        made = make_choices(request, wiring.choices_context(settings, ledger, decoders))
        file.writelines(made.parts)


def _outcomes(progress: Progress, ledger: SqlLedger) -> dict[str, str]:
    """Row id to error code or state, of all that did not succeed."""
    return {
        item.row_id: item.failure.code if item.failure else str(item.state)
        for item in ledger.jobs.items(progress.job.id)
        if item.state is not ItemState.SUCCEEDED
    }


def _report(progress: Progress, outcomes: Mapping[str, str], name: str, folder: Path) -> None:
    results = folder / "results"
    # Of a model's results, gates and people decide.
    as_expected = outcomes == SAMPLES[name].expected_failures or progress.job.order.engine != "classic"
    good = as_expected and progress.job.state is JobState.CLOSED
    what = "as the sample expects" if good else f"not as the sample expects: {dict(outcomes)}"
    click.echo(f"results  {results / 'results.csv'}")
    click.echo(f"errors   {results / 'errors.csv'} ({', '.join(outcomes) or 'none'}: {what})")
    click.echo(f"cost     {usd(progress.spent_micros)}")
    click.echo(f"report   {results / 'report.html'}")
    if SAMPLES[name].choose_by:
        click.echo(f"choices  {results / CHOICES}")
    click.echo(f"page     {typed()} --dir {shlex.quote(str(folder / 'stack'))} up")
    click.echo("         (run that, and open the address behind 'pages:': the job is on the first page)")
    if not good:
        sys.exit(1)
