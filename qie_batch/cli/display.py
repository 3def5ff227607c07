"""What people read while they wait: bars on a terminal, plain lines otherwise, always on stderr."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qie_batch.model import ItemState, JobState
from qie_batch.pricing import usd
from qie_batch.steps.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from qie_batch.interfaces import Costs
    from qie_batch.model import Progress

#: Between two looks at the ledger.
POLL_SECONDS = 0.2
#: Between two plain lines: at first, and at most. Between them a tenth of the time that has passed.
LINE_SECONDS, MAX_LINE_SECONDS = 1.0, 30.0
#: After so long without a change of a job, `control` and the workers may be stopped.
IDLE_SECONDS = 15.0


def typed() -> str:
    """The program as it was called, for a command that works as it is shown."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m qie_batch"
    on_path = shutil.which("qie-batch")
    if program.name != "qie-batch" or (on_path and Path(on_path).samefile(program)):
        return "qie-batch"
    return shlex.quote(str(program))


def note(text: str) -> None:
    # Not click.echo, which writes past rich's stderr and so into the middle of a bar.
    sys.stderr.write(f"{text}\n")


def echo_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with the number of things done so far."""
    if is_terminal(sys.stderr):
        from qie_batch.cli import terminal

        with terminal.bar(terminal.console(sys.stderr), what, total) as advance:
            yield advance
    else:
        lines = _Lines(what, total)
        yield lines.show
        lines.end()


@contextmanager
def bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """One bar after the other: gives a function to call with what is done, how many of it and of how many.

    A bar ends when all is done, or when something else is.
    """
    with ExitStack() as shown:
        current, advance = "", None

        def show(what: str, done: int, total: int | None) -> None:
            nonlocal current, advance
            if what != current:
                shown.close()
                current, advance = what, shown.enter_context(bar(what, total))
            if advance:
                advance(done)
            if done == total:
                shown.close()
                advance = None

        yield show


class _Lines:
    """Progress without a terminal: a line when something changed, now and then, and one at the end."""

    def __init__(self, what: str, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._of_total = f" of {total}" if total else ""
        self._clock = clock
        self._began = self._last = clock()
        self._line = self._printed = ""

    def show(self, now: int) -> None:
        self._line = f"{self._what}: {now}{self._of_total}"
        moment = self._clock()
        pause = min(max((moment - self._began) / 10, LINE_SECONDS), MAX_LINE_SECONDS)
        if moment - self._last >= pause and self._line != self._printed:
            self._last = moment
            self.end()

    def end(self) -> None:
        """Print the last state, unless it is printed."""
        if self._line != self._printed:
            self._printed = self._line
            note(self._line)


def wait(costs: Costs, job_id: str) -> Progress:
    """Show the job's progress until it is closed or paused."""
    updates = watch(costs, job_id, interval=POLL_SECONDS)
    first = progress = next(updates)
    began, warned = time.monotonic(), False
    with bar("editing", first.total) as show:
        for progress in chain((first,), updates):
            show(progress.done)
            idle = not progress.attempts and time.monotonic() - began > IDLE_SECONDS
            if idle and not warned and progress.job.state is JobState.OPEN:
                warned = True
                engine = progress.job.order.engine
                note(f"no worker with engine {engine} has taken anything yet: are worker and control up?")
    return progress


#: States that people call otherwise.
_SHOWN = {ItemState.NEEDS_REVIEW: "to be reviewed"}


def sentence(progress: Progress) -> str:
    """One line about a job."""
    counts = progress.counts
    parts = [f"{counts[ItemState.SUCCEEDED]} of {progress.total} succeeded"]
    if progress.cached:
        parts.append(f"{progress.cached} of them cached")
    parts += [
        f"{counts[state]} {_SHOWN.get(state, state)}"
        for state in (
            ItemState.NEEDS_REVIEW,
            ItemState.REJECTED,
            ItemState.FAILED,
            ItemState.CANCELLED,
            ItemState.RUNNING,
            ItemState.QUEUED,
            ItemState.PENDING,
        )
        if counts[state]
    ]
    return f"{', '.join(parts)}; spent {usd(progress.spent_micros)}"
