"""The embedded stack: everything on this machine, from pip alone."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import note, sentence, typed, wait
from qie_batch.model import JobOrder, JobState
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.pricing import usd
from qie_batch.processes.embedded import embedded_stack
from qie_batch.processes.logins import login_address
from qie_batch.processes.signals import stop_event
from qie_batch.steps.collect import collect
from qie_batch.steps.submit import SubmitRequest, enter, prepare

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.processes.embedded import Embedded


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where it keeps its data."
)
@click.option("--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]")
@click.pass_obj
def up(app: App, folder: Path | None, engine: str) -> None:
    """Run the embedded stack in the foreground; Ctrl-C stops all of it."""
    stop = stop_event()
    chosen = (folder or app.settings.dir).absolute()
    with embedded_stack(chosen, engine) as embedded:
        _show(embedded)
        ended = embedded.wait(stop)
        if ended:
            note(f"{ended.name} has ended; the end of {ended.log_path} says:\n{ended.tail()}")
            sys.exit(1)
        note("stopping")


def _show(embedded: Embedded) -> None:
    """Where everything is, and what to do now."""
    settings = embedded.settings
    info, reason = wiring.InstalledEngines(settings).choose()
    for name, address in embedded.stack.addresses().items():
        click.echo(f"{name:<9} {address}")
    click.echo(f"{'engine':<9} {info.name}: {reason}")
    click.echo(f"{'login':<9} {settings.flower_user}, the password is flower_password in the settings file")
    click.echo(f"ready: {typed()} --dir {settings.dir} submit catalog.csv (Ctrl-C here stops everything)")
    click.echo(f"pages: {login_address(settings)}")


@click.command()
@click.pass_obj
def login(app: App) -> None:
    """Print an address that opens the pages in a browser: once, within an hour, and with all rights."""
    click.echo(login_address(app.settings))


@click.command()
@click.option("--keep", is_flag=True, help="Go on after the job, and show its page, until Ctrl-C.")
@click.pass_obj
def demo(app: App, *, keep: bool) -> None:
    """Edit a copy of the sample catalog on an embedded stack in a scratch folder, and show the result."""
    from qie_batch.local.sample import EXPECTED_FAILURES, copy_sample

    folder = app.folder.absolute() if app.folder else Path(tempfile.mkdtemp(prefix="qie-batch-demo-"))
    catalog = copy_sample(folder / "catalog")
    note(f"the sample catalog: {catalog}")
    with embedded_stack(folder / "stack") as embedded:
        settings, addresses = embedded.settings, embedded.stack.addresses()
        note(f"embedded stack: broker {addresses['broker']}, store {addresses['store']}")
        note(f"Flower while it runs: {addresses['flower']}")
        ledger, store = wiring.ledger(settings), wiring.store(settings)
        request = SubmitRequest(address=str(catalog), order=JobOrder(name="sample catalog"))
        context = wiring.submit_context(settings, ledger)
        with prepare(request, context) as prepared:
            note(f"engine {prepared.info.name}: {prepared.job.engine_reason}")
            submitted = enter(prepared, context)
        progress = wait(ledger.costs, submitted.job_id)
        note(sentence(progress))
        results = folder / "results"
        gates = wiring.gate_names()
        collecting = collect(
            progress.job, results, DEFAULT_TEMPLATE, jobs=ledger.jobs, store=store, gates=gates
        )
        for _ in collecting:
            pass
        failures = {
            item.row_id: item.failure.code for item in ledger.jobs.items(progress.job.id) if item.failure
        }
        ledger.dispose()
        if keep:
            click.echo(f"page     {login_address(settings, f'/jobs/{progress.job.id}')}")
            note("Ctrl-C ends it")
            embedded.wait(stop_event())
    click.echo(f"results  {results / 'results.csv'}")
    expected = failures == EXPECTED_FAILURES and progress.job.state is JobState.CLOSED
    what = "as the sample expects" if expected else f"not as the sample expects: {failures}"
    click.echo(f"errors   {results / 'errors.csv'} ({', '.join(failures)}: {what})")
    click.echo(f"cost     {usd(progress.spent_micros)}")
    click.echo(f"report   {results / 'report.html'}")
    click.echo(f"page     {typed()} --dir {shlex.quote(str(folder / 'stack'))} up")
    click.echo("         (run that, and open the address behind 'pages:': the job is on the first page)")
    if not expected:
        sys.exit(1)
