"""The embedded stack: everything on this machine, from pip alone."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import note, sentence, wait
from qie_batch.cli.orders import Wishes, carry_out, prepare
from qie_batch.cli.processes import child_environment, told_to_stop
from qie_batch.ledger import schema
from qie_batch.local.process import Child
from qie_batch.local.stack import Stack
from qie_batch.model import JobState
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.pricing import usd
from qie_batch.settings import Settings
from qie_batch.steps.collect import collect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.cli import App

LOOK_SECONDS = 0.5
#: What a process may take to stop: a worker its grace and a little more.
CLOSING_SECONDS = 15.0

PROCESSES = ("worker", "control", "flower")


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where it keeps its data."
)
@click.option("--engine", default="", help="classic, qwen, or a dotted module.  [default: the best there is]")
@click.pass_obj
def up(app: App, folder: Path | None, engine: str) -> None:
    """Run the embedded stack in the foreground; Ctrl-C stops all of it."""
    stop = told_to_stop()
    chosen = (folder or app.settings.dir).absolute()
    with running(chosen, engine) as (stack, processes):
        settings = Settings(dir=chosen)
        choice = wiring.choose_engine(settings)
        for name, address in stack.addresses().items():
            click.echo(f"{name:<9} {address}")
        click.echo(f"{'engine':<9} {choice.name}: {choice.reason}")
        click.echo(
            f"{'login':<9} {settings.flower_user}, the password is flower_password in the settings file"
        )
        click.echo(f"ready: qie-batch --dir {chosen} submit catalog.csv (Ctrl-C here stops everything)")
        while not stop.wait(LOOK_SECONDS):
            died = stack.died() or next((child for child in processes if child.poll() is not None), None)
            if died:
                note(f"{died.name} has ended; the end of {died.log_path} says:\n{died.tail()}")
                sys.exit(1)
        note("stopping")


@contextmanager
def running(folder: Path, engine: str) -> Iterator[tuple[Stack, list[Child]]]:
    """Services and processes on `folder`, stopped in reverse order."""
    with Stack.start(folder, {"engine": engine} if engine else {}) as stack, ExitStack() as undo:
        settings = Settings(dir=folder)
        schema.upgrade(wiring.database(settings))
        processes = []
        for name in PROCESSES:
            child = Child.start(
                name,
                [sys.executable, "-m", "qie_batch", name],
                env=child_environment(settings),
                log_path=folder / "logs" / f"{name}.log",
            )
            undo.callback(child.stop, settings.grace_seconds + CLOSING_SECONDS)
            processes.append(child)
        yield stack, processes


@click.command()
@click.pass_obj
def demo(app: App) -> None:
    """Edit a copy of the sample catalog on an embedded stack in a scratch folder, and show the result."""
    from qie_batch.local.sample import EXPECTED_FAILURES, copy_sample

    folder = app.folder.absolute() if app.folder else Path(tempfile.mkdtemp(prefix="qie-batch-demo-"))
    catalog = copy_sample(folder / "catalog")
    note(f"the sample catalog: {catalog}")
    with running(folder / "stack", "") as (stack, _):
        addresses = stack.addresses()
        note(f"embedded stack: broker {addresses['broker']}, store {addresses['store']}")
        note(f"Flower while it runs: {addresses['flower']}")
        settings = Settings(dir=folder / "stack")
        ledger, store = wiring.ledger(settings), wiring.store(settings)
        prepared = prepare(catalog, str(catalog.parent), Wishes(name="sample catalog"), settings, ledger)
        note(f"engine {prepared.order.engine}: {prepared.order.engine_reason}")
        carry_out(prepared, ledger, store)
        progress = wait(ledger, prepared.order.job_id)
        note(sentence(progress))
        results = folder / "results"
        for _ in collect(progress.job, results, DEFAULT_TEMPLATE, ledger=ledger, store=store):
            pass
        failures = {item.row_id: item.failure.code for item in ledger.items(progress.job.id) if item.failure}
        ledger.dispose()
    click.echo(f"results  {results / 'results.csv'}")
    expected = failures == EXPECTED_FAILURES and progress.job.state is JobState.CLOSED
    what = "as the sample expects" if expected else f"not as the sample expects: {failures}"
    click.echo(f"errors   {results / 'errors.csv'} ({', '.join(failures)}: {what})")
    click.echo(f"cost     {usd(progress.spent_micros)}")
    click.echo(f"report   {results / 'report.html'}")
    if not expected:
        sys.exit(1)
