"""Queues pending items: `window` messages for each queue, while the backlog stays in the ledger."""

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
    #: Messages that each of the two queues of an engine may have waiting in the broker.
    window: int


def dispatch(context: DispatchContext) -> int:
    """Fill each engine's windows; says how many messages were sent.

    A job whose budget is spent is paused before any of its items is queued. Raises LedgerUnavailable and
    QueueUnavailable.
    """
    sent = 0
    for engine in context.dispatch.engines_waiting():
        allowance = _allowance(engine, context)
        sent += _fill(engine, allowance, context, interactive=True)
        sent += _fill(engine, allowance, context, interactive=False)
    return sent


def dispatch_interactive(engine: str, context: DispatchContext) -> int:
    """Likewise for the interactive items of one engine, at once after their job was added.

    Raises the same; `dispatch` sends later what was not sent.
    """
    return _fill(engine, _allowance(engine, context), context, interactive=True)


def _allowance(engine: str, context: DispatchContext) -> dict[str, int]:
    return {job.id: _affordable(job, context) for job in context.dispatch.budgeted_jobs(engine)}


def _fill(engine: str, allowance: dict[str, int], context: DispatchContext, *, interactive: bool) -> int:
    messages = context.dispatch.enqueue(engine, context.window, allowance, interactive=interactive)
    if messages:
        context.queue.publish(engine, messages, interactive=interactive)
        context.dispatch.published([message.item_id for message in messages])
    return len(messages)


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
