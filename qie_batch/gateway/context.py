"""What every route works with."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from qie_batch import wiring

if TYPE_CHECKING:
    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import ObjectStore
    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.metrics.decoders import DecoderMetrics
    from qie_batch.steps.dispatch import DispatchContext
    from qie_batch.steps.review import ReviewContext
    from qie_batch.steps.submit import SubmitContext

from qie_batch.gateway.sharing import RecentProgress, RecentWorkers, Turns
from qie_batch.settings import Settings
from qie_batch.wiring.reviews import review_context


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayContext:
    settings: Settings
    #: Of all tenants; a route takes `subject.ledger`, which shows those that the subject may see.
    ledger: SqlLedger
    store: ObjectStore
    #: Shared by all requests.
    decoders: DecoderPool
    #: With the gateway's limits on images, and those decoders.
    submit: SubmitContext
    dispatch: DispatchContext
    #: Of all tenants, with the same decoders.
    review: ReviewContext
    #: Of images in the store.
    limits: Limits
    live_workers: RecentWorkers
    progress: RecentProgress = field(default_factory=RecentProgress)
    #: Of requests that read a catalog.
    submitting: Turns = field(default_factory=lambda: Turns(4, wait_seconds=60))

    def close(self) -> None:
        self.decoders.close()
        self.ledger.dispose()


def open_context(settings: Settings, metrics: DecoderMetrics) -> GatewayContext:
    """Raises LedgerUnavailable and StoreUnavailable."""
    ledger, decoders = wiring.ledger(settings), wiring.decoders(settings, metrics)
    return GatewayContext(
        settings=settings,
        ledger=ledger,
        store=wiring.store(settings),
        decoders=decoders,
        submit=replace(
            wiring.submit_context(settings, ledger),
            decoders=lambda: nullcontext(decoders),
            limits=wiring.gateway_limits(settings),
        ),
        dispatch=wiring.dispatch_context(settings, ledger),
        review=review_context(settings, ledger, decoders),
        limits=wiring.limits(settings),
        live_workers=RecentWorkers(lambda seconds: wiring.queue(settings).live_workers(seconds)),
    )


async def context_of(request: Request) -> GatewayContext:
    context: GatewayContext = request.app.state.context
    return context


Context = Annotated[GatewayContext, Depends(context_of)]
