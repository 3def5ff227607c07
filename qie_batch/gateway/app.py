"""The application: routes, and what every request goes through."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from qie_batch import __version__
from qie_batch.gateway import health, schedules
from qie_batch.gateway.context import open_context
from qie_batch.gateway.draining import Drain, EndsStreams
from qie_batch.gateway.jobs import changing, costs, events, reading, results, submitting
from qie_batch.gateway.metrics import Measured, Metrics
from qie_batch.gateway.openapi import describe, operation_id
from qie_batch.gateway.problems import add_problem_handlers
from qie_batch.gateway.readiness import open_readiness
from qie_batch.gateway.request_ids import RequestIds
from qie_batch.redaction import redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from qie_batch.settings import Settings

ROUTERS = (
    health.router,
    submitting.router,
    reading.router,
    events.router,
    changing.router,
    results.router,
    costs.router,
    schedules.router,
)


def application(settings: Settings) -> FastAPI:
    """For a process of its own: what it logs goes to stderr, without secrets."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    redact(settings.secrets, settings.addresses)
    return create_app(settings)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = context = open_context(settings)
        app.state.readiness = readiness = open_readiness(context)
        yield
        readiness.close()
        context.close()

    app = FastAPI(
        title="qie-batch",
        version=__version__,
        summary="Edits the images of a whole catalog",
        lifespan=lifespan,
        max_body_size=settings.gateway_max_upload_bytes,
        generate_unique_id_function=operation_id,
    )
    app.state.drain = drain = Drain(settings.gateway_drain_seconds)
    app.state.metrics = metrics = Metrics(settings.gateway_metrics)
    add_problem_handlers(app)
    describe(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(RequestIds)
    app.add_middleware(Measured, metrics=metrics)
    app.add_middleware(EndsStreams, drain=drain)
    return app
