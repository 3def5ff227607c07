"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from qie_batch import wiring

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore
    from qie_batch.ledger.sql import SqlLedger

from qie_batch.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayContext:
    settings: Settings
    #: Of all tenants; a route takes `subject.ledger`, which shows those that the subject may see.
    ledger: SqlLedger
    store: ObjectStore


def open_context(settings: Settings) -> GatewayContext:
    """Raises LedgerUnavailable and StoreUnavailable."""
    return GatewayContext(settings=settings, ledger=wiring.ledger(settings), store=wiring.store(settings))


async def context_of(request: Request) -> GatewayContext:
    context: GatewayContext = request.app.state.context
    return context


Context = Annotated[GatewayContext, Depends(context_of)]
