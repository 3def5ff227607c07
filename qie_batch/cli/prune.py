from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.cli.display import echo_json
from qie_batch.text import many

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.views import PruneView

_SECONDS = {"d": 86_400, "w": 7 * 86_400}


def _age(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    """Seconds."""
    found = re.fullmatch(r"(\d{1,5})([dw])", value.strip())
    if not found:
        raise click.BadParameter("give days or weeks, for example 90d or 12w")
    return float(int(found[1]) * _SECONDS[found[2]])


@click.command()
@click.option(
    "--older-than",
    "seconds",
    required=True,
    callback=_age,
    metavar="AGE",
    help="Jobs that were closed before, as 90d or 12w; at least a day.",
)
@click.option("--delete", is_flag=True, help="Delete; without it the command only says what would go.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def prune(app: App, *, seconds: float, delete: bool, as_json: bool) -> None:
    """Delete jobs that were closed long ago, with results and pictures that no other job uses.

    The last job of each schedule stays. What a job cost is in `cost` no more once it is deleted.
    """
    from qie_batch.steps.prune import prune as delete_old
    from qie_batch.views import dumped

    settings = app.settings
    found = delete_old(wiring.prune_context(settings, wiring.ledger(settings)), seconds, dry_run=not delete)
    if as_json:
        echo_json(dumped(found))
    else:
        click.echo(_sentence(found))


def _sentence(found: PruneView) -> str:
    from qie_batch.pricing import usd

    what = (
        f"{many(len(found.jobs), 'job')} with {many(found.items, 'item')}, {many(found.results, 'result')},"
        f" {many(found.objects, 'object')} ({found.size / 1e6:.1f} MB)"
    )
    if found.dry_run:
        return (
            f"would delete {what}; `cost` would lose {usd(found.spent_micros)}\n"
            "nothing was deleted: look at `qie-batch cost`, then add --delete"
        )
    return f"deleted {what}; `cost` has {usd(found.spent_micros)} less"
