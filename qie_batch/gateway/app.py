"""The application: routes, and what every request goes through."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from qie_batch import __version__
from qie_batch.gateway import health, schedules
from qie_batch.gateway.context import open_context
from qie_batch.gateway.jobs import changing, costs, events, reading, results, submitting
from qie_batch.gateway.pages import pages_router
from qie_batch.gateway.problems import add_problem_handlers
from qie_batch.gateway.request_ids import RequestIds
from qie_batch.gateway.stopping import told_by_signals
from qie_batch.redaction import redact
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROUTERS = (
    health.router,
    submitting.router,
    reading.router,
    events.router,
    changing.router,
    results.router,
    costs.router,
    schedules.router,
    pages_router(),
)


def application() -> FastAPI:
    """For uvicorn, with the settings of the environment."""
    settings = Settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    redact(settings.secrets, settings.addresses)
    return create_app(settings)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = context = open_context(settings)
        with told_by_signals(context.stopping):
            yield
        context.close()

    app = FastAPI(
        title="qie-batch",
        version=__version__,
        summary="Edits the images of a whole catalog",
        lifespan=lifespan,
        max_body_size=settings.gateway_max_upload_bytes,
    )
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(RequestIds)
    return app
