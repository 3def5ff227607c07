from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import echo_json
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def sign(app: App, folder: Path, *, as_json: bool) -> None:
    """Sign the results or exports in FOLDER by C2PA, in place, with the certificate of QIE_C2PA_CHAIN."""
    from qie_batch.steps.sign import SIGNED, sign_folder

    credentials = wiring.credentials(app.settings)
    with wiring.decoders(app.settings) as decoders:
        files = list(sign_folder(folder, credentials, decoders.fields))
    if as_json:
        echo_json([{"file": str(each.path), "outcome": each.outcome} for each in files])
        return
    outcomes = Counter(each.outcome for each in files)
    click.echo(f"{many(outcomes.pop(SIGNED, 0), 'picture')} signed")
    for outcome, count in outcomes.items():
        click.echo(f"{many(count, 'picture')} not: {outcome}")
