"""The offline sheet, and its decisions when they come back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch import wiring
from qie_batch.cli import SHOWN, SOME_FAILED
from qie_batch.cli.display import bar, note
from qie_batch.cli.review.targets import as_option, query_of, query_options, review_context, reviewer_of
from qie_batch.errors import UsageError
from qie_batch.model import Show
from qie_batch.steps.decisions import import_decisions
from qie_batch.steps.sheet import SheetRequest, make_sheet
from qie_batch.text import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.cli import App

MOST, SIDE = 200, 1280


@click.command()
@click.argument("job")
@query_options(Show.WAITING)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="An .html file.")
@click.option("--limit", default=MOST, show_default=True, type=click.IntRange(min=1), help="Results at most.")
@click.option(
    "--side",
    default=SIDE,
    show_default=True,
    type=click.IntRange(min=64, max=4096),
    help="Pixels of the longer side of each picture at most.",
)
@click.option("--language", type=click.Choice(["en", "zh"]), help="[default: the browser's]")
@click.option("--as", "reviewer", default="", metavar="NAME", help="Who decides.  [default: the sheet asks]")
@click.pass_obj
def sheet(app: App, /, job: str, out: Path, **options: Any) -> None:
    """Write results of JOB with their pictures as one page, to decide about them without a connection.

    Its decisions are downloaded as decisions.csv; `qie-batch review import` reads that.
    """
    settings = app.settings
    request = SheetRequest(
        query=query_of(job, options),
        most=options["limit"],
        side=options["side"],
        reviewer=options["reviewer"],
        language=options["language"] or "",
    )
    with wiring.decoders(settings) as decoders:
        made = make_sheet(request, wiring.sheet_context(settings, wiring.ledger(settings), decoders))
        with bar("writing", made.items) as show:
            _write(out, made.parts, made.items, show)
    if not made.is_all:
        note(f"these are the first {made.items} results; --limit takes more")
    click.echo(str(out))


def _write(out: Path, parts: Iterator[bytes], items: int, show: Callable[[int], None]) -> None:
    try:
        with out.open("wb") as file:
            # One part before the results and one behind them.
            for number, part in enumerate(parts):
                file.write(part)
                show(min(number, items))
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}", hint="give another file") from error


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@as_option
@click.pass_obj
def import_(app: App, /, file: Path, reviewer: str | None) -> None:
    """Write the decisions of FILE, which a sheet made; those on results that changed since are named."""
    with review_context(app.settings) as context:
        found = import_decisions(file, context, importer=reviewer_of(reviewer))
    already = f" ({found.already} were written before)" if found.already else ""
    click.echo(f"decided: {many(found.decided, 'result')}{already}")
    if found.stale:
        note(f"not changed: {many(len(found.stale), 'result')}")
        for line in found.stale[:SHOWN]:
            note(f"  line {line.number}: {line.reason}")
        raise click.exceptions.Exit(SOME_FAILED)
