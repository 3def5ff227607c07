"""Queues pending items: `window` messages for each engine, while the backlog stays in the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.model import Usage
from qie_batch.pricing import cost_micros

if TYPE_CHECKING:
    from qie_batch.interfaces import Costs, Dispatch, EngineCatalog, Jobs, WorkQueue
    from qie_batch.model import Job


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchContext:
    dispatch: Dispatch
    #: To pause a job whose budget is spent.
    jobs: Jobs
    costs: Costs
    queue: WorkQueue
    engines: EngineCatalog
    #: Messages that an engine may have waiting in the broker.
    window: int


def dispatch(context: DispatchContext) -> int:
    """Fill each engine's window; says how many messages were sent.

    A job whose budget is spent is paused before any of its items is queued. Raises LedgerUnavailable and
    QueueUnavailable.
    """
    sent = 0
    for engine in context.dispatch.engines_waiting():
        budgeted = context.dispatch.budgeted_jobs(engine)
        allowance = {job.id: _affordable(job, context) for job in budgeted}
        messages = context.dispatch.enqueue(engine, context.window, allowance)
        if messages:
            context.queue.publish(engine, messages)
            context.dispatch.published([message.item_id for message in messages])
            sent += len(messages)
    return sent


def _affordable(job: Job, context: DispatchContext) -> int:
    """How many more items the job's budget covers; pauses the job if none and none is in flight."""
    spending = context.costs.spending(job.id)
    reserve = reserve_micros(job, context.costs, context.engines)
    left = (job.order.budget_micros or 0) - spending.spent_micros - spending.in_flight * reserve
    affordable = max(left // reserve, 0) if reserve else 1
    if not affordable and not spending.in_flight:
        context.jobs.pause(job.id, "budget")
    return affordable


def reserve_micros(job: Job, costs: Costs, engines: EngineCatalog) -> int:
    """The most that one more item may cost: the dearest past edit of its kind, else the expected cost."""
    engine, preset = job.order.engine, job.order.preset
    dearest = max(costs.history(engine, preset).dearest_micros, costs.spending(job.id).dearest_micros)
    try:
        return dearest or expected_micros(engine, preset, engines)
    except UsageError as error:
        # An engine of another host: its jobs go out one item at a time. Logged for debugging, once a round.
        log.debug("the cost of %s is not known before its first edit: %s", engine, error.message)
        return 0


def expected_micros(engine: str, preset: str, engines: EngineCatalog) -> int:
    """Expected cost of one edit, for engines without a history."""
    info = engines.info(engine)
    usage = Usage(seconds=info.expected_seconds(preset), images=1)
    return cost_micros(usage, engines.rate(info))
