from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qie_batch import views, wiring
from qie_batch.cli.display import echo_json, is_terminal, note
from qie_batch.steps.workers import find_workers
from qie_batch.text import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.cli import App
    from qie_batch.model import RunningEdit, WorkerState

TITLES = ("worker", "engine", "device", "state", "job", "row", "step", "seconds")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A list of JSON objects, one for each process.")
@click.pass_obj
def workers(app: App, *, as_json: bool) -> None:
    """Which worker processes live, and what each does; takes a second."""
    found = find_workers(wiring.ledger(app.settings).workers, wiring.queue(app.settings).live_workers)
    if found.problem:
        note(f"which processes live is not known: {found.problem}")
    if as_json:
        echo_json([views.dumped(views.worker_view(worker)) for worker in found.workers])
    elif not found.workers:
        click.echo("no worker answers and none holds an item: `qie-batch worker` starts one")
    else:
        _show([row for worker in found.workers for row in _rows(worker)])


def _rows(worker: WorkerState) -> list[tuple[str, ...]]:
    """One for each edit, one for an idle process."""
    process = (worker.name, worker.engine, worker.device)
    if not worker.edits:
        up = f", up {duration(worker.seconds)}" if worker.seconds is not None else ""
        began = f", ready in {duration(worker.start.seconds)}" if worker.start else ""
        return [(*process, f"idle{up}{began}", "", "", "", "")]
    state = "does not answer" if worker.answers is False else "edits"
    return [(*process, state, *_cells(edit)) for edit in worker.edits]


def _cells(edit: RunningEdit) -> tuple[str, ...]:
    step = f"{edit.step}/{edit.steps}" if edit.steps else str(edit.step)
    return edit.job_id, edit.row_id, step, f"{edit.seconds:.1f}"


def _show(rows: Sequence[tuple[str, ...]]) -> None:
    if is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title=title, is_number=title in ("step", "seconds")) for title in TITLES]
        print_table(console(sys.stdout), columns, rows)
        return
    for row in (TITLES, *rows):
        click.echo("  ".join(cell or "-" for cell in row))
