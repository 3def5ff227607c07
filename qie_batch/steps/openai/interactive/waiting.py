"""From the edit in the ledger to its results."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import Unavailable
from qie_batch.model import ItemState
from qie_batch.steps.edit.outcome import gave_up
from qie_batch.steps.openai.interactive.request import EditAnswer, EditFailed
from qie_batch.steps.results.images import LINK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qie_batch.model import Item, OutputFormat, Result
    from qie_batch.steps.openai.interactive.request import EnteredEdit, InteractiveContext

#: Seconds between two looks at the ledger: the first, the longest, and how they grow.
FIRST, LONGEST, GROWTH = 0.05, 0.2, 1.3


def pauses() -> Iterator[float]:
    """Seconds to wait before each look, without end."""
    pause = FIRST
    while True:
        yield pause
        pause = min(LONGEST, pause * GROWTH)


def finished(entered: EnteredEdit, context: InteractiveContext) -> tuple[Item, ...]:
    """All items once each of them is final, none before; one query until then."""
    if not context.requests.is_answered(entered.job_id):
        return ()
    return tuple(islice(context.jobs.items(entered.job_id), entered.results))


def answer(items: Sequence[Item], context: InteractiveContext, now: float, *, links: bool) -> EditAnswer:
    """The results; EditFailed unless every item has one."""
    for item in items:
        if item.failure:
            raise EditFailed(item.failure.reason, code=item.failure.code, gave_up=gave_up(item.failure))
        if item.state is not ItemState.SUCCEEDED:
            raise EditFailed("the edit was cancelled", code="cancelled", gave_up=False)
    results = [item.result for item in items if item.result]
    assert items[0].spec  # as it has a result
    output = items[0].spec.params.output
    return EditAnswer(
        created=now,
        images=tuple(
            _link(result, output, context) if links else context.store.get(result.object_key)
            for result in results
        ),
        width=results[0].width,
        height=results[0].height,
        output=output,
    )


def _link(result: Result, output: OutputFormat, context: InteractiveContext) -> str:
    name = f"{result.cache_key[:16]}.{output}"
    kind = f"image/{output}"
    return context.store.link(result.object_key, LINK_SECONDS, content_type=kind, name=name)


def leave(entered: EnteredEdit, context: InteractiveContext, *, gone: bool) -> bool:
    """The client waits no more; one that is gone cancels the edit unless another waits: says whether."""
    context.requests.wait(entered.job_id, -1)
    # A client that comes with the same request after this makes an edit of its own.
    if not gone or not context.requests.forget(entered.key, entered.job_id, unless_waiting=True):
        return False
    return bool(context.jobs.cancel(entered.job_id))


def still_going(seconds: float) -> Unavailable:
    return Unavailable(
        f"the edit is not done after {seconds:g} seconds and goes on",
        code="edit_pending",
        hint="send the same request again to get it",
    )


def ended_in_vain(items: Sequence[Item]) -> bool:
    """Whether an equal edit is to be made anew rather than waited for."""
    return any(item.state in (ItemState.FAILED, ItemState.CANCELLED) for item in items)
