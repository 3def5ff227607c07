"""What every route works with."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from qie_batch import wiring

if TYPE_CHECKING:
    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import ObjectStore
    from qie_batch.ledger.sql import SqlLedger

from qie_batch.gateway.sharing import RecentProgress, Turns
from qie_batch.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayContext:
    settings: Settings
    #: Of all tenants; a route takes `subject.ledger`, which shows those that the subject may see.
    ledger: SqlLedger
    store: ObjectStore
    #: For previews.
    decoders: DecoderPool
    #: Of images in the store.
    limits: Limits
    progress: RecentProgress = field(default_factory=RecentProgress)
    #: Of requests that read a catalog.
    submitting: Turns = field(default_factory=lambda: Turns(4, wait_seconds=60))
    #: Set when this process is to end.
    stopping: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        self.decoders.close()
        self.ledger.dispose()


def open_context(settings: Settings) -> GatewayContext:
    """Raises LedgerUnavailable and StoreUnavailable."""
    return GatewayContext(
        settings=settings,
        ledger=wiring.ledger(settings),
        store=wiring.store(settings),
        decoders=wiring.decoders(settings),
        limits=wiring.limits(settings),
    )


async def context_of(request: Request) -> GatewayContext:
    context: GatewayContext = request.app.state.context
    return context


Context = Annotated[GatewayContext, Depends(context_of)]
