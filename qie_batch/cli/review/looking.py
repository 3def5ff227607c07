"""What there is to look at, and what was decided."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal, note
from qie_batch.cli.review.targets import query_of, query_options
from qie_batch.model import Show, failed_gates
from qie_batch.steps.review import find_item, wanted
from qie_batch.text import moment, printable

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.model import Item, Review

MOST = 50


@click.command(name="list")
@click.argument("job")
@query_options(Show.WAITING)
@click.option("--limit", default=MOST, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(app: App, /, job: str, limit: int, *, as_json: bool, **options: Any) -> None:
    """Results of JOB that wait for a decision, or those that the options ask for."""
    ledger = wiring.ledger(app.settings)
    found = list(islice(wanted(query_of(job, options), ledger.jobs), limit + 1))
    items = found[:limit]
    latest = {each.item_id: each for each in ledger.reviews.latest(job, [item.id for item in items])}
    if as_json:
        for item in items:
            view = views.review_item_view(item, latest.get(item.id), before="", after="", small="")
            echo_json(views.dumped(view))
        return
    _show([_cells(item, latest.get(item.id)) for item in items])
    if len(found) > limit:
        note(f"these are the first {limit}; --limit shows more")


def _show(rows: list[tuple[str, ...]]) -> None:
    if not rows:
        click.echo("nothing to look at")
    elif is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        titles = ("item", "line", "id", "state", "gates", "instruction", "latest decision")
        columns = [Column(title=title, may_wrap=title not in ("item", "line")) for title in titles]
        print_table(console(sys.stdout), columns, rows)
    else:
        for row in rows:
            click.echo("\t".join(row))


def _cells(item: Item, latest: Review | None) -> tuple[str, ...]:
    failed = failed_gates(item.result.findings) if item.result else ()
    instruction = item.spec.params.instruction if item.spec else ""
    return (
        f"{item.id}@{item.version}",
        str(item.line),
        printable(item.row_id, 40),
        item.state.replace("_", " "),
        " ".join(failed),
        printable(instruction, 60),
        _said(latest) if latest else "",
    )


def _said(review: Review) -> str:
    about = f": {printable(review.note, 80)}" if review.note else ""
    return f"{review.decision} by {printable(review.reviewer)} at {moment(review.at)}{about}"


@click.command()
@click.argument("item")
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects.")
@click.pass_obj
def history(app: App, /, item: str, *, as_json: bool) -> None:
    """Every decision about ITEM, the first one first."""
    ledger = wiring.ledger(app.settings)
    found = ledger.reviews.history(find_item(item.partition("@")[0], ledger.jobs).id)
    if as_json:
        echo_json([views.dumped(views.review_view(each)) for each in found])
        return
    for each in found:
        click.echo(_said(each))
    if not found:
        click.echo("nobody decided anything yet")
