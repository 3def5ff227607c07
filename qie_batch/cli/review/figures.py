"""How far gates and people agree."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal
from qie_batch.steps.agreement import agreement as agreement_of

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.steps.agreement import GateAgreement

TITLES = (
    *("gate", "passed, approved", "passed, rejected", "failed, approved", "failed, rejected"),
    *("precision", "recall", "limit", "agreed", "best limit", "would agree"),
)


@click.command()
@click.argument("job")
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects.")
@click.pass_obj
def agreement(app: App, /, job: str, *, as_json: bool) -> None:
    """How far gates and people agree about JOB, and which limits would have agreed most often."""
    ledger = wiring.ledger(app.settings)
    found = agreement_of(job, jobs=ledger.jobs, reviews=ledger.reviews)
    if as_json:
        echo_json([views.dumped(_view(each)) for each in found])
        return
    rows = [_cells(each) for each in found]
    if not rows:
        click.echo("nothing was decided yet about a result that a gate looked at")
    elif is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title=title, is_number=title != "gate") for title in TITLES]
        print_table(console(sys.stdout), columns, rows)
    else:
        for row in (TITLES, *rows):
            click.echo("\t".join(row))


def _cells(each: GateAgreement) -> tuple[str, ...]:
    counts = (each.passed_approved, each.passed_rejected, each.failed_approved, each.failed_rejected)
    best = "" if each.best_limit is None else f"{each.best_agreed} of {each.decided}"
    return (
        each.gate,
        *map(str, counts),
        *(_share(each.precision), _share(each.recall)),
        *(_figure(each.limit), f"{each.agreed} of {each.decided}"),
        *(_figure(each.best_limit), best),
    )


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _figure(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.4g}"


def _view(each: GateAgreement) -> views.AgreementView:
    return views.AgreementView(
        gate=each.gate,
        passed_approved=each.passed_approved,
        passed_rejected=each.passed_rejected,
        failed_approved=each.failed_approved,
        failed_rejected=each.failed_rejected,
        unchecked=each.unchecked,
        precision=each.precision,
        recall=each.recall,
        limit=each.limit,
        agreed=each.agreed,
        best_limit=each.best_limit,
        best_agreed=each.best_agreed,
    )
