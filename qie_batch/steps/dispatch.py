"""Pending items become messages on the queue: a shallow window of them, the backlog stays in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.model import PRESETS
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.interfaces import Ledger, WorkQueue
    from qie_batch.model import Job

#: Seconds an edit is taken for where neither history nor a preset says more.
UNKNOWN_SECONDS = 2.0


def dispatch(ledger: Ledger, queue: WorkQueue, *, window: int, hour_micros: Mapping[str, int]) -> int:
    """Fill each engine's window; says how many messages went out.

    `hour_micros` is the price of an hour of the device that an engine is expected on, for budgets before
    there is history. Pausing comes before the queue: a job without money left is never queued.
    """
    sent = 0
    for engine in ledger.engines_waiting():
        budgeted = [job for job in ledger.budgeted_jobs() if job.engine == engine]
        allowance = {job.id: _affordable(ledger, job, hour_micros.get(engine, 0)) for job in budgeted}
        messages = ledger.enqueue(engine, window, allowance)
        if messages:
            queue.publish(engine, messages)
            ledger.published([message.item_id for message in messages])
            sent += len(messages)
    return sent


def _affordable(ledger: Ledger, job: Job, hour_micros: int) -> int:
    """How many more items the job's budget surely covers; pauses it when that is none and nothing runs."""
    spending = ledger.spending(job.id)
    reserve = reserve_micros(ledger, job, hour_micros)
    left = (job.budget_micros or 0) - spending.spent_micros - spending.in_flight * reserve
    affordable = max(left // reserve, 0) if reserve else 1
    if not affordable and not spending.in_flight:
        ledger.pause(job.id, "budget")
    return affordable


def reserve_micros(ledger: Ledger, job: Job, hour_micros: int) -> int:
    """What one more item may cost: the dearest edit of its kind so far, else the preset's figure."""
    dearest = max(
        ledger.history(job.engine, job.preset).dearest_micros, ledger.spending(job.id).dearest_micros
    )
    return dearest or cost_micros(expected_seconds(job.preset), hour_micros)


def expected_seconds(preset: str) -> float:
    """Before there is history."""
    return PRESETS[preset].seconds if preset in PRESETS else UNKNOWN_SECONDS
