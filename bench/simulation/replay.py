"""The simulation of a run that took place: the same entries, and both held to one another."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from qie_batch.model import Priority
from qie_batch.settings.workers import ControlSettings
from simulation.broker import Broker
from simulation.events import Loop
from simulation.ledger import Job, Ledger
from simulation.workers import Rules, Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.ledger import Item
    from simulation.reality import Edit, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    #: Edits a second, from the first entry to the last end on a device.
    throughput: float
    #: Seconds from the entry to the device that 95 % of the items do not exceed.
    bulk_p95: float
    interactive_p95: float
    all_p95: float


def of_reality(edits: Sequence[Edit]) -> Figures:
    waits = [(edit.interactive, edit.started - edit.entered) for edit in edits]
    length = max(edit.finished for edit in edits) - min(edit.entered for edit in edits)
    return _figures(waits, length)


def of_simulation(edits: Sequence[Edit], plan: Plan, seed: int = 0) -> Figures:
    """The same jobs at the times at which they entered, and what an edit takes beside the device."""
    loop = Loop()
    ledger = Ledger(loop, ControlSettings().window)
    broker = Broker(ledger, random.Random(seed))
    workers = [Worker(broker, rules_of(edits), "all", lambda: None) for _ in range(plan.workers)]
    for worker in workers:
        worker.begin()
    first = min(edit.entered for edit in edits)
    seconds, sending = _device_seconds(edits), sending_seconds(edits)
    for _, of_job in groupby(edits, key=lambda edit: edit.job):
        together = list(of_job)
        loop.at(together[0].entered - first, _enter, together, seconds, broker)
        if together[0].interactive:
            loop.at(together[0].entered - first + sending, broker.dispatch_interactive)
    waits: list[tuple[bool, float]] = []

    def note(item: Item) -> None:
        waits.append((item.job.priority == Priority.INTERACTIVE, loop.now - item.job.created_at))

    ledger.on_start = note
    loop.every(ControlSettings().tick_seconds, broker.dispatch, phase=broker.chance.uniform(0.0, 0.5))
    loop.run_while(lambda: ledger.done < len(edits))
    return _figures(waits, loop.now - rules_of(edits).after_seconds)


def _enter(edits: list[Edit], seconds: float, broker: Broker) -> None:
    priority = Priority.INTERACTIVE if edits[0].interactive else Priority.NORMAL
    job = Job(broker.ledger.loop.now, priority, len(edits), seconds)
    broker.ledger.add_job(job)


def sending_seconds(edits: Sequence[Edit]) -> float:
    """From the entry of an interactive item to its claim, where a thread waits for its message."""
    return statistics.quantiles([edit.claimed - edit.entered for edit in edits if edit.interactive], n=5)[0]


def rules_of(edits: Sequence[Edit]) -> Rules:
    """The least time from claim to device is that of an item that found the device free."""
    before = sorted(edit.started - edit.claimed for edit in edits)
    return Rules(
        before_seconds=before[len(before) // 50],
        after_seconds=statistics.median(edit.closed - edit.finished for edit in edits),
    )


def _device_seconds(edits: Sequence[Edit]) -> float:
    return statistics.fmean(edit.finished - edit.started for edit in edits)


def _figures(waits: list[tuple[bool, float]], length: float) -> Figures:
    return Figures(
        throughput=len(waits) / length,
        bulk_p95=_p95([wait for interactive, wait in waits if not interactive]),
        interactive_p95=_p95([wait for interactive, wait in waits if interactive]),
        all_p95=_p95([wait for _, wait in waits]),
    )


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20, method="inclusive")[18]
