"""The application: routes, and what every request goes through."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from qie_batch import __version__, tracing
from qie_batch.gateway import health, openai, schedules
from qie_batch.gateway.access.gate import open_gate
from qie_batch.gateway.bodies import FORM_LIMITS, BodyCaps, OneLength, OneShapeOfTooLarge
from qie_batch.gateway.context import open_context
from qie_batch.gateway.draining import Drain, EndsStreams
from qie_batch.gateway.forwarded import Forwarded
from qie_batch.gateway.jobs import changing, costs, events, finalising, reading, results, reviews, submitting
from qie_batch.gateway.logs import QUIET, AccessLog, log_to_stderr
from qie_batch.gateway.metrics import Measured, Metrics
from qie_batch.gateway.openai.errors import error_response
from qie_batch.gateway.openapi import describe, operation_id
from qie_batch.gateway.pages import pages_router
from qie_batch.gateway.problems import add_problem_handlers
from qie_batch.gateway.readiness import open_readiness
from qie_batch.gateway.request_ids import RequestIds
from qie_batch.gateway.response_headers import ResponseHeaders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from qie_batch.settings import Settings

#: Routes are tried in this order: what is asked for most stands first.
ROUTERS = (
    reading.router,
    health.router,
    submitting.router,
    events.router,
    changing.router,
    results.router,
    reviews.router,
    finalising.router,
    costs.router,
    schedules.router,
    openai.router,
    pages_router(),
)


def application(settings: Settings) -> FastAPI:
    """For a process of its own: what it logs goes to stderr, without secrets."""
    log_to_stderr(settings)
    tracing.start("qie-gateway")
    return create_app(settings)


class Gateway(FastAPI):
    """With what even an answer to a request that no route has seen goes through, the outermost last."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        app = OneLength(OneShapeOfTooLarge(super().build_middleware_stack()))
        logged = RequestIds(AccessLog(ResponseHeaders(app, self._settings)))
        forwarded = Forwarded(logged, self._settings.trusted_proxies)
        return EndsStreams(Measured(forwarded, self.state.metrics), self.state.drain)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.context = context = open_context(settings, app.state.metrics.decoders)
        app.state.gate = open_gate(context)
        app.state.readiness = readiness = open_readiness(context)
        yield
        readiness.close()
        context.close()
        tracing.finish()

    app = Gateway(
        settings,
        title="qie-batch",
        version=__version__,
        summary="Edits the images of a whole catalog",
        lifespan=lifespan,
        form_limits=FORM_LIMITS,
        telemetry={"auto_configure": False, "exclude": lambda scope: scope["path"] in QUIET},
        generate_unique_id_function=operation_id,
        # Their pages load programs from other servers; /openapi.json is there.
        docs_url=None,
        redoc_url=None,
    )
    app.state.error_shapes = {"/v1/": error_response}
    app.state.drain = Drain(settings.gateway_drain_seconds)
    app.state.metrics = Metrics(settings.gateway_metrics)
    add_problem_handlers(app)
    describe(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(BodyCaps, settings=settings)
    return app
