"""What people do to a job; each is one statement in the ledger and acts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.errors import Conflict
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.command()
@click.argument("job")
@click.option("--code", help="Only items that failed with this error code.")
@click.pass_obj
def retry(app: App, job: str, code: str | None) -> None:
    """Make failed items of JOB pending again; rows that never were understood stay failed."""
    ledger = wiring.ledger(app.settings)
    ledger.jobs.get(job)
    click.echo(f"pending again: {many(ledger.jobs.retry(job, code), 'item')}")


@click.command()
@click.argument("job")
@click.pass_obj
def cancel(app: App, job: str) -> None:
    """Cancel what is not finished of JOB; a running edit stops at its next step."""
    ledger = wiring.ledger(app.settings)
    ledger.jobs.get(job)
    click.echo(f"cancelled: {many(ledger.jobs.cancel(job), 'item')}")


@click.command()
@click.argument("job")
@click.pass_obj
def pause(app: App, job: str) -> None:
    """Start nothing new of JOB; what runs is finished."""
    ledger = wiring.ledger(app.settings)
    state = ledger.jobs.get(job).state
    if not ledger.jobs.pause(job, "user"):
        raise Conflict(f"job {job} is {state}, so it cannot be paused", hint="only an open job can")
    click.echo(f"job {job} is paused")


@click.command()
@click.argument("job")
@click.option("--budget", metavar="USD", help="The new limit, where the budget paused it.")
@click.pass_obj
def resume(app: App, job: str, budget: str | None) -> None:
    """Go on with a paused JOB."""
    from qie_batch.cli.options import budget_micros

    ledger = wiring.ledger(app.settings)
    found = ledger.jobs.get(job)
    micros = budget_micros(budget)
    if found.pause_reason == "budget" and micros is None:
        raise Conflict(
            f"job {job} was paused because its budget is used up",
            hint=f"give it more: qie-batch resume {job} --budget USD (in all, not in addition)",
        )
    if not ledger.jobs.resume(job, micros):
        raise Conflict(f"job {job} is {found.state}, so it cannot be resumed", hint="only a paused job can")
    click.echo(f"job {job} goes on")
