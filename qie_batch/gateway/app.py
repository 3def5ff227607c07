"""The application: routes, and what every request goes through."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from qie_batch import __version__, wiring
from qie_batch.gateway import health
from qie_batch.gateway.context import open_context
from qie_batch.gateway.draining import Drain, EndsStreams
from qie_batch.gateway.jobs import reading
from qie_batch.gateway.metrics import Measured, Metrics
from qie_batch.gateway.problems import add_problem_handlers
from qie_batch.gateway.readiness import Readiness
from qie_batch.gateway.request_ids import RequestIds
from qie_batch.keys import CREATE_ONLY_PROBE
from qie_batch.redaction import redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from qie_batch.gateway.context import GatewayContext
    from qie_batch.settings import Settings

ROUTERS = (health.router, reading.router)


def application(settings: Settings) -> FastAPI:
    """For a process of its own: what it logs goes to stderr, without secrets."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    redact(settings.secrets, settings.addresses)
    return create_app(settings)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = context = open_context(settings)
        app.state.readiness = readiness = _readiness(settings, context)
        yield
        readiness.close()
        context.ledger.dispose()

    app = FastAPI(
        title="qie-batch",
        version=__version__,
        summary="Edits the images of a whole catalog",
        lifespan=lifespan,
        max_body_size=settings.gateway_max_upload_bytes,
    )
    app.state.drain = drain = Drain(settings.gateway_drain_seconds)
    app.state.metrics = metrics = Metrics(settings.gateway_metrics)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(RequestIds)
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(EndsStreams, drain=drain)
    return app


def _readiness(settings: Settings, context: GatewayContext) -> Readiness:
    """Each service answers a request that changes nothing there and that any state of it allows."""
    return Readiness(
        {
            "ledger": context.ledger.clock.now,
            "store": lambda: context.store.stat(CREATE_ONLY_PROBE),
            "broker": wiring.queue(settings).epoch,
        }
    )
