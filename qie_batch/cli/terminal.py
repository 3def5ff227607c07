"""What a terminal shows with rich: bars, tables, pages drawn again in place. Imported on terminals only."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import RenderableType

    from qie_batch.cli.page import Page

#: A column that may wrap is no narrower than this where its texts are longer: a job's id fits.
NARROWEST = 16
GAP = 2
BAR_WIDTH = 40
#: Of the sixteen colours that every terminal has: rich's own look like the background of the bar there.
DONE, FINISHED = "cyan", "green"

STYLES = {
    "open": "cyan",
    "paused": "yellow",
    "closed": "green",
    "taken": "cyan",
    "submitted": "green",
    "skipped": "yellow",
    "failed": "red",
    "broken": "red",
}


def console(stream: TextIO) -> Console:
    """Texts are shown as they are: a job's name may look like markup."""
    return Console(file=stream, markup=False, emoji=False, highlight=False)


@contextmanager
def bar(shown: Console, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar, or a spinner with a count where the total is not known."""
    spinner, name = SpinnerColumn(finished_text=" "), TextColumn("{task.description}")
    if total is None:
        progress = Progress(
            spinner, name, TextColumn("{task.completed:.0f}"), TimeElapsedColumn(), console=shown
        )
    else:
        left = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
        drawn = BarColumn(BAR_WIDTH, complete_style=DONE, finished_style=FINISHED)
        progress = Progress(spinner, name, drawn, MofNCompleteColumn(), left, console=shown)
    with progress:
        task = progress.add_task(what, total=total)
        yield lambda now: progress.update(task, completed=now)
        if total is None:
            progress.update(task, total=progress.tasks[0].completed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    title: str
    is_number: bool = False
    #: Others are as wide as their longest cell, in a narrow terminal too, so that ids can be copied.
    may_wrap: bool = False


def print_table(
    shown: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]], footer: Sequence[str] = ()
) -> None:
    cells = [tuple(row) for row in rows]
    table = Table(
        box=None,
        padding=(0, GAP, 0, 0),
        pad_edge=False,
        header_style="bold",
        footer_style="bold",
        show_footer=bool(footer),
    )
    needed = 0
    for index, column in enumerate(columns):
        every = [column.title, *(row[index] for row in cells), *footer[index : index + 1]]
        width = max(map(cell_len, every))
        if column.may_wrap:
            width = min(width, NARROWEST)
        needed += width + GAP
        table.add_column(
            column.title,
            footer=footer[index] if footer else "",
            justify="right" if column.is_number else "left",
            overflow="fold",
            no_wrap=not column.may_wrap,
            min_width=width,
        )
    if shown.width < needed:
        table.width = needed - GAP
    for row in cells:
        table.add_row(*(Text(cell, STYLES.get(cell, "")) for cell in row))
    shown.print(table, crop=False)


def print_page(shown: Console, page: Page) -> None:
    shown.print(_drawn(page))
    print_commands(shown, page)


def print_commands(shown: Console, page: Page) -> None:
    """Each in one line, however narrow the terminal, so that it can be copied."""
    for command in page.commands:
        shown.print(Text.assemble(("next      ", "dim"), command), soft_wrap=True)


def print_live(shown: Console, pages: Iterable[Page]) -> None:
    """Draw each page over the one before; the last stays."""
    page = None
    with Live(console=shown, auto_refresh=False) as live:
        for page in pages:
            live.update(_drawn(page), refresh=True)
    if page:
        print_commands(shown, page)


def _drawn(page: Page) -> RenderableType:
    done = Table.grid(padding=(0, GAP))
    done.add_row(
        ProgressBar(
            total=max(page.total, 1),
            completed=page.done,
            width=BAR_WIDTH,
            complete_style=DONE,
            finished_style=FINISHED,
        ),
        f"{page.done}/{page.total}",
    )
    facts = Table.grid(padding=(0, GAP))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("done", done)
    for label, text in (("job", page.job), ("state", page.state), *page.facts):
        facts.add_row(
            label, Text(text, STYLES.get(text.partition(" ")[0] if label == "state" else label, ""))
        )
    return Group(Text(page.name, "bold"), facts)
