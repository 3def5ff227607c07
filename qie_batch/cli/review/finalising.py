"""What was approved of drafts is made for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, note
from qie_batch.pricing import usd
from qie_batch.steps.finalise import FinaliseRequest
from qie_batch.steps.finalise import finalise as finalised
from qie_batch.steps.finalise import savings as savings_of
from qie_batch.text import duration, many

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.model import Savings

_PRESET = click.option("--preset", default="", metavar="NAME", help="[default: the one that submit got]")


@click.command()
@click.argument("job")
@_PRESET
@click.pass_obj
def finalise(app: App, /, job: str, preset: str) -> None:
    """Make what is approved of JOB, a job of drafts, at the final preset; the last line is the job's id.

    Seeds and instructions are those that were approved. Called again, it takes what was approved since.
    """
    settings = app.settings
    context = wiring.finalise_context(settings, wiring.ledger(settings))
    made = finalised(FinaliseRequest(job_id=job, preset=preset), context)
    for line in _lines(made.savings):
        note(line)
    note(f"{many(made.items, 'result')} to be made for good")
    click.echo(made.job_id)


@click.command()
@click.argument("job")
@_PRESET
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def savings(app: App, /, job: str, preset: str, *, as_json: bool) -> None:
    """What drafts and final results of JOB cost, beside all of them at the final preset."""
    settings = app.settings
    context = wiring.finalise_context(settings, wiring.ledger(settings))
    found = savings_of(FinaliseRequest(job_id=job, preset=preset), context)
    if as_json:
        echo_json(views.dumped(views.savings_view(found)))
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Savings) -> tuple[str, ...]:
    what = f"{many(found.drafts, 'draft')}, {found.approved} approved, {found.waiting} not looked at"
    drafts, finals = (found.draft_micros, found.draft_seconds), (found.final_micros, found.final_seconds)
    saved = found.saved_micros
    told = "saved" if found.saved_seconds >= 0 else "lost"
    return (
        what,
        f"drafts: {usd(drafts[0])}, {duration(drafts[1])} of the device",
        f"final results: about {usd(finals[0])}, {duration(finals[1])}",
        f"all at the final preset: about {usd(found.all_micros)}, {duration(found.all_seconds)}",
        f"{told}: about {usd(abs(saved))}, {duration(abs(found.saved_seconds))}",
    )
