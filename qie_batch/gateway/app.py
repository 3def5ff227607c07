"""The application: routes, and what every request goes through."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from qie_batch import __version__
from qie_batch.gateway import health, openai, schedules
from qie_batch.gateway.access.gate import open_gate
from qie_batch.gateway.bodies import FORM_LIMITS, BodyCaps, OneLength, OneShapeOfTooLarge
from qie_batch.gateway.context import open_context
from qie_batch.gateway.forwarded import Forwarded
from qie_batch.gateway.jobs import changing, costs, events, reading, results, submitting
from qie_batch.gateway.logs import AccessLog, log_to_stderr
from qie_batch.gateway.openai.errors import error_response
from qie_batch.gateway.openapi import describe, operation_id
from qie_batch.gateway.pages import pages_router
from qie_batch.gateway.problems import add_problem_handlers
from qie_batch.gateway.request_ids import RequestIds
from qie_batch.gateway.response_headers import ResponseHeaders
from qie_batch.gateway.stopping import told_by_signals
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

ROUTERS = (
    health.router,
    submitting.router,
    reading.router,
    events.router,
    changing.router,
    results.router,
    costs.router,
    schedules.router,
    openai.router,
    pages_router(),
)


def application() -> FastAPI:
    """For uvicorn, with the settings of the environment."""
    settings = Settings()
    log_to_stderr(settings)
    return create_app(settings)


class Gateway(FastAPI):
    """With what even an answer to a request that no route has seen goes through, the outermost last."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        app = OneLength(OneShapeOfTooLarge(super().build_middleware_stack()))
        logged = RequestIds(AccessLog(ResponseHeaders(app, self._settings)))
        return Forwarded(logged, self._settings.trusted_proxies)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = context = open_context(settings)
        app.state.gate = open_gate(context)
        with told_by_signals(context.stopping):
            yield
        context.close()

    app = Gateway(
        settings,
        title="qie-batch",
        version=__version__,
        summary="Edits the images of a whole catalog",
        lifespan=lifespan,
        form_limits=FORM_LIMITS,
        generate_unique_id_function=operation_id,
        # Their pages load programs from other servers; /openapi.json is there.
        docs_url=None,
        redoc_url=None,
    )
    app.state.error_shapes = {"/v1/": error_response}
    add_problem_handlers(app)
    describe(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(BodyCaps, settings=settings)
    return app
