"""The page on which one of several results is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import note
from qie_batch.errors import UsageError
from qie_batch.steps.choices import ChoicesRequest, make_choices
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App

MOST, SIDE = 200, 720


@click.command()
@click.argument("job")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="An .html file.")
@click.option(
    "--by", default="", metavar="COLUMN", help="Rows with the same cell.  [default: variants of a row]"
)
@click.option("--limit", default=MOST, show_default=True, type=click.IntRange(min=1), help="Groups at most.")
@click.option(
    "--side",
    default=SIDE,
    show_default=True,
    type=click.IntRange(min=64, max=4096),
    help="Pixels of the longer side of each picture at most.",
)
@click.pass_obj
def choose(app: App, /, job: str, out: Path, by: str, limit: int, side: int) -> None:
    """Write a page with the variants of each row of JOB side by side, to choose one of each.

    The choices are downloaded as decisions.csv; `qie-batch review import` approves what was chosen and
    rejects the others.
    """
    settings = app.settings
    request = ChoicesRequest(job_id=job, by=by, most=limit, side=side)
    with wiring.decoders(settings) as decoders:
        made = make_choices(request, wiring.choices_context(settings, wiring.ledger(settings), decoders))
        try:
            with out.open("wb") as file:
                file.writelines(made.parts)
        except OSError as error:
            raise UsageError(
                f"{out} cannot be written: {error.strerror}", hint="give another file"
            ) from error
    note(f"{many(made.groups, 'group')} to choose from")
    click.echo(str(out))
