"""What people do to a job; each is one statement in the ledger and acts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.steps import change
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.command()
@click.argument("job")
@click.option("--code", help="Only items that failed with this error code.")
@click.pass_obj
def retry(app: App, job: str, code: str | None) -> None:
    """Make failed items of JOB pending again; rows that never were understood stay failed."""
    again = change.retry(wiring.ledger(app.settings).jobs, job, code)
    click.echo(f"pending again: {many(again, 'item')}")


@click.command()
@click.argument("job")
@click.pass_obj
def cancel(app: App, job: str) -> None:
    """Cancel what is not finished of JOB; a running edit stops at its next step."""
    cancelled = change.cancel(wiring.ledger(app.settings).jobs, job)
    click.echo(f"cancelled: {many(cancelled, 'item')}")


@click.command()
@click.argument("job")
@click.pass_obj
def pause(app: App, job: str) -> None:
    """Start nothing new of JOB; what runs is finished."""
    change.pause(wiring.ledger(app.settings).jobs, job)
    click.echo(f"job {job} is paused")


@click.command()
@click.argument("job")
@click.option("--budget", metavar="USD", help="The new limit, where the budget paused it.")
@click.pass_obj
def resume(app: App, job: str, budget: str | None) -> None:
    """Go on with a paused JOB."""
    from qie_batch.cli.options import flag
    from qie_batch.steps.orders import budget_micros

    change.resume(wiring.ledger(app.settings).jobs, job, budget_micros(budget, flag))
    click.echo(f"job {job} goes on")
