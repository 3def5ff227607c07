"""Which worker processes live, and what each does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.errors import QueueUnavailable
from qie_batch.model import WorkerState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qie_batch.interfaces import Workers
    from qie_batch.model import LiveWorker, RunningEdit

#: For how long answers of worker processes are waited for.
ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersFound:
    #: By name.
    workers: tuple[WorkerState, ...]
    #: Why no process could be asked, "" if they could.
    problem: str


def find_workers(workers: Workers, ask: Callable[[float], Iterable[LiveWorker]]) -> WorkersFound:
    """Processes that answer, and those that hold an item by the ledger; takes ANSWER_SECONDS.

    `ask` is `WorkQueue.live_workers`, or gives what it said a moment ago.
    A process that loads its engine does not answer yet. Raises LedgerUnavailable; without the broker there
    is what the ledger knows.
    """
    live: dict[str, LiveWorker] | None = None
    problem = ""
    try:
        live = {worker.name: worker for worker in ask(ANSWER_SECONDS)}
    except QueueUnavailable as error:
        problem = " ".join(error.sentences)
    edits: dict[str, list[RunningEdit]] = {}
    for edit in workers.running():
        edits.setdefault(edit.worker, []).append(edit)
    names = sorted({*(live or ()), *edits})
    starts = workers.starts(names)
    states = (_state(name, live, tuple(edits.get(name, ()))) for name in names)
    return WorkersFound(
        workers=tuple(replace(state, start=starts.get(state.name)) for state in states), problem=problem
    )


def _state(name: str, live: dict[str, LiveWorker] | None, edits: tuple[RunningEdit, ...]) -> WorkerState:
    found = (live or {}).get(name)
    known = found or edits[0]
    return WorkerState(
        name=name,
        engine=known.engine,
        device=known.device,
        answers=None if live is None else found is not None,
        seconds=found.seconds if found else None,
        edits=edits,
    )
