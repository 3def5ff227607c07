"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from fastapi import APIRouter

from qie_batch.gateway.context import Context

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(context: Context) -> dict[str, str]:
    """Ledger and store answer."""
    context.ledger.clock.now()
    return {"status": "ok"}
