from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import bar, note
from qie_batch.model import ItemState
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.steps.collect import collect
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.command()
@click.argument("job")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to fill."
)
@click.option(
    "--name-template",
    default=DEFAULT_TEMPLATE,
    show_default=True,
    help="Names of the pictures: {id}, {variant}, {stem} and {folder} of the picture, and any column of the"
    " catalog; / makes folders.",
)
@click.option("--xlsx", is_flag=True, help="Write results.xlsx and errors.xlsx, too.")
@click.pass_obj
def results(app: App, job: str, out: Path, name_template: str, *, xlsx: bool) -> None:
    """Download what succeeded of JOB under human names, with results.csv, errors.csv and the report.

    A picture that is in the folder already, byte for byte, is not downloaded again.
    """
    settings = app.settings
    ledger = wiring.ledger(settings)
    found = ledger.jobs.get(job)
    there = ledger.costs.progress(job).counts[ItemState.SUCCEEDED]
    done = kept = 0
    store = wiring.store(settings)
    gates = wiring.gate_names()
    collecting = collect(
        found, out, name_template, jobs=ledger.jobs, store=store, workbooks=xlsx, gates=gates
    )
    with bar("downloading", there) as show:
        for done, collected in enumerate(collecting, start=1):
            kept += not collected.is_new
            show(done)
    already = f" ({kept} there already)" if kept else ""
    note(f"{many(done, 'picture')}{already}, results.csv and errors.csv")
    click.echo(str(out))
