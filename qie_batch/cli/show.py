from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal, sentence
from qie_batch.cli.page import page
from qie_batch.cli.timing import show_timing
from qie_batch.errors import UsageError
from qie_batch.interfaces.ledger import CostKey
from qie_batch.model import CostLine
from qie_batch.pricing import usd
from qie_batch.steps.watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qie_batch.cli import App
    from qie_batch.cli.page import Page
    from qie_batch.model import Progress

#: Between two looks of --watch.
WATCH_SECONDS = 0.6


@click.command()
@click.argument("job", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object (a list without JOB).")
@click.option("--watch", "watches", is_flag=True, help="Again and again until the job is closed or paused.")
@click.option("--timing", "timed", is_flag=True, help="Where the time of JOB's attempts went.")
@click.pass_obj
def status(app: App, job: str | None, *, as_json: bool, watches: bool, timed: bool) -> None:
    """How far JOB is, how fast, and what failed why; without JOB the latest jobs."""
    ledger = wiring.ledger(app.settings)
    if timed:
        if job is None or watches:
            raise UsageError("--timing is of one job, and without --watch")
        ledger.jobs.get(job)
        view = views.timing_view(ledger.costs.timing(job))
        echo_json(views.dumped(view)) if as_json else show_timing(view)
        return
    if job is None:
        _show_jobs([ledger.costs.progress(found.id) for found in ledger.jobs.latest()], as_json=as_json)
        return
    ledger.jobs.get(job)
    progresses = (
        watch(ledger.costs, job, interval=WATCH_SECONDS) if watches else (ledger.costs.progress(job),)
    )
    if as_json:
        _print_changes(views.job_view(progress) for progress in progresses)
    elif watches:
        _show_live(progresses, app)
    else:
        for progress in progresses:
            _show_page(_page(progress, app))


def _print_changes(found: Iterable[views.JobView]) -> None:
    """Each view as JSON in which more has changed than the time."""
    last = None
    for view in found:
        timeless = replace(view, wall_seconds=0.0, remaining_seconds=None, edits_last_minute=0)
        if timeless != last:
            echo_json(views.dumped(view))
        last = timeless


def _page(progress: Progress, app: App) -> Page:
    return page(views.job_view(progress), app.folder)


def _show_page(shown: Page) -> None:
    if is_terminal(sys.stdout):
        from qie_batch.cli import terminal

        terminal.print_page(terminal.console(sys.stdout), shown)
    else:
        click.echo(str(shown))


def _show_live(progresses: Iterable[Progress], app: App) -> None:
    """A page drawn again in place on a terminal; elsewhere a line for each change, then the page."""
    if is_terminal(sys.stdout):
        from qie_batch.cli import terminal

        terminal.print_live(terminal.console(sys.stdout), (_page(progress, app) for progress in progresses))
        return
    last, shown = "", None
    for progress in progresses:
        shown, line = _page(progress, app), _job_line(progress)
        if line != last:
            click.echo(line)
        last = line
    click.echo(str(shown))


def _show_jobs(progresses: Sequence[Progress], *, as_json: bool) -> None:
    if as_json:
        echo_json([views.dumped(views.job_view(progress)) for progress in progresses])
    elif not progresses:
        click.echo("no jobs yet: `qie-batch submit catalog.csv` makes one")
    elif is_terminal(sys.stdout):
        _show_job_table(progresses)
    else:
        for progress in progresses:
            click.echo(_job_line(progress))


def _job_line(progress: Progress) -> str:
    return f"{progress.job.id}  {progress.job.state:<7} {progress.job.order.name}: {sentence(progress)}"


def _show_job_table(progresses: Iterable[Progress]) -> None:
    from qie_batch.cli.terminal import Column, console, print_table

    columns = (
        Column(title="job"),
        Column(title="state"),
        Column(title="name", may_wrap=True),
        *(Column(title=title, is_number=True) for title in ("done", "failed", "cached", "spent")),
    )
    rows = (
        (
            progress.job.id,
            str(progress.job.state),
            progress.job.order.name,
            f"{progress.done}/{progress.total}",
            str(sum(progress.failures.values())),
            str(progress.cached),
            usd(progress.spent_micros),
        )
        for progress in progresses
    )
    print_table(console(sys.stdout), columns, rows)


@click.command()
@click.argument("job", required=False)
@click.option("--by", type=click.Choice(get_args(CostKey)), default="engine", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects, exact amounts in USD.")
@click.pass_obj
def cost(app: App, job: str | None, by: CostKey, *, as_json: bool) -> None:
    """Money spent, saved by the cache and lost to failed attempts, of JOB or of all jobs."""
    ledger = wiring.ledger(app.settings)
    if job:
        ledger.jobs.get(job)
    lines = ledger.costs.lines(job, by)
    if as_json:
        echo_json([views.dumped_cost(views.cost_view(line), by) for line in lines])
        return
    titles = (by, "items", "seconds", "spent", "saved", "lost")
    rows = [_cells(line) for line in lines]
    if is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title=title, is_number=title != by) for title in titles]
        print_table(console(sys.stdout), columns, rows, _cells(_total(lines)))
        return
    rows = [titles, *rows, _cells(_total(lines))]
    width = max(len(key) for key, *_ in rows)
    for key, items, seconds, *amounts in rows:
        click.echo(
            f"{key:<{width}}  {items:>6}  {seconds:>9}" + "".join(f"  {amount:>12}" for amount in amounts)
        )


def _cells(line: CostLine) -> tuple[str, ...]:
    amounts = (line.spent_micros, line.saved_micros, line.lost_micros)
    return line.key, str(line.items), f"{line.seconds:.1f}", *map(usd, amounts)


def _total(lines: Sequence[CostLine]) -> CostLine:
    return CostLine(
        key="total",
        items=sum(line.items for line in lines),
        seconds=sum(line.seconds for line in lines),
        spent_micros=sum(line.spent_micros for line in lines),
        saved_micros=sum(line.saved_micros for line in lines),
        lost_micros=sum(line.lost_micros for line in lines),
    )
