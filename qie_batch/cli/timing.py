"""`status --timing JOB`: where the time of its attempts went."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qie_batch.cli.display import is_terminal
from qie_batch.text import duration, many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.views import PhaseView, TimingView

TITLES = ("phase", "attempts", "total", "share", "p50", "p95", "")
#: Characters of a bar for the whole time.
BAR = 40


def show_timing(view: TimingView) -> None:
    if not view.phases:
        click.echo("no attempt has ended yet whose phases are known")
        return
    bar = "█" if is_terminal(sys.stdout) else "#"
    _print([_cells(phase, bar) for phase in view.phases])
    if view.items_read < view.items:
        read = f"{view.items_read:,} of {view.items:,} items, evenly spread"
        click.echo(f"of {many(view.attempts, 'attempt')} at {read}")


def _cells(phase: PhaseView, bar: str) -> tuple[str, ...]:
    return (
        f"  {phase.words}" if phase.is_within else phase.words,
        str(phase.attempts),
        duration(phase.seconds),
        f"{100 * phase.share:.1f} %",
        duration(phase.median_seconds),
        duration(phase.p95_seconds),
        bar * round(BAR * phase.share),
    )


def _print(rows: Sequence[tuple[str, ...]]) -> None:
    if is_terminal(sys.stdout):
        from qie_batch.cli.terminal import Column, console, print_table

        columns = [Column(title=title, is_number=title not in ("phase", "")) for title in TITLES]
        print_table(console(sys.stdout), columns, rows)
        return
    widths = [max(len(row[index]) for row in (TITLES, *rows)) for index in range(len(TITLES) - 1)]
    for first, *rest, bar in (TITLES, *rows):
        numbers = (f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True))
        click.echo("  ".join((f"{first:<{widths[0]}}", *numbers, bar)).rstrip())
