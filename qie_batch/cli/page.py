"""`status JOB`: what there is to say of one job, and the command that goes on from there."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.model import FINAL, JobState, may_pass
from qie_batch.pricing import usd
from qie_batch.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qie_batch.views import JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    job: str
    name: str
    #: With the reason behind it, such as "paused (budget)".
    state: str
    done: int
    total: int
    #: A label and a text each.
    facts: tuple[tuple[str, str], ...]
    #: What to type next.
    commands: tuple[str, ...]

    def __str__(self) -> str:
        """Plain, for pipes and files."""
        lines = [f"{self.name}  {self.job}  {self.state}"]
        lines += [f"{label:<10}{text}" for label, text in self.facts]
        lines += [f"next      {command}" for command in self.commands]
        return "\n".join(lines)


def page(view: JobView, folder: Path | None) -> Page:
    """`folder` is what --dir was given: a command without it would look at another ledger."""
    program = f"qie-batch --dir {shlex.quote(str(folder))}" if folder else "qie-batch"
    return Page(
        job=view.job,
        name=view.name,
        state=f"{view.state} ({view.pause_reason})" if view.pause_reason else str(view.state),
        done=sum(view.counts[state] for state in FINAL),
        total=view.total,
        facts=tuple(_facts(view)),
        commands=tuple(f"{program} {command}" for command in _commands(view)),
    )


def _facts(view: JobView) -> Iterator[tuple[str, str]]:
    yield "engine", f"{view.engine} {view.preset}".rstrip() + f" ({view.engine_reason})"
    yield "items", ", ".join(f"{number} {state}" for state, number in view.counts.items() if number)
    yield "cached", str(view.cached)
    yield "attempts", f"{view.attempts}, {view.device_seconds:.1f} device seconds"
    spent, saved, lost = map(usd, (view.spent_micros, view.saved_micros, view.lost_micros))
    yield "cost", f"{spent} spent, {saved} saved by the cache, {lost} lost to failed attempts"
    if view.budget_micros is not None:
        yield "budget", usd(view.budget_micros)
    if view.state is JobState.OPEN:
        remaining = view.remaining_seconds
        yield "rate", f"{view.edits_last_minute} edits in the last minute"
        yield "left", duration(remaining) if remaining is not None else "not known yet"
    for code, number in sorted(view.failures.items()):
        yield "failed", f"{number} x {code}"


def _commands(view: JobView) -> Iterator[str]:
    if view.state is JobState.OPEN:
        yield f"status {view.job} --watch"
    elif view.state is JobState.PAUSED:
        yield f"resume {view.job}" + (" --budget USD" if view.pause_reason == "budget" else "")
    else:
        yield f"results {view.job} --out pictures"
        passing = sorted(filter(may_pass, view.failures))
        if view.failures and len(passing) == len(view.failures):
            yield f"retry {view.job}"
        else:
            yield from (f"retry {view.job} --code {code}" for code in passing)
