"""What Prometheus reads: requests, their seconds, refusals and the process itself.

Every label has few values: routes are templates, statuses are classes, codes are those of our own errors.
"""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram, generate_latest

from qie_batch.metrics import new_registry
from qie_batch.metrics.decoders import DecoderMetrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Headers by which a request is known to have come through a proxy.
_FORWARDED = ("x-forwarded-for", "forwarded", "via")
#: Seconds; from a cached status to an upload or an edit that is waited for.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The figures of one process."""

    def __init__(self, readers: Iterable[str]) -> None:
        """`readers` are addresses and networks beside the loopback that may read them."""
        self._networks = [ip_network(each, strict=False) for each in readers]
        self._registry = registry = new_registry()
        self.requests = Counter(
            "qie_gateway_requests",
            "Requests that were answered",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "qie_gateway_request_seconds",
            "Seconds from a request's headers to the end of its answer",
            ("method", "route"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self.running = Gauge(
            "qie_gateway_requests_running", "Requests that are being answered", registry=registry
        )
        self.decoders = DecoderMetrics(registry)
        self.problems = Counter(
            "qie_gateway_problems",
            "Problem documents by their code; rate_limited and the like are those with status 429",
            ("status", "code"),
            registry=registry,
        )

    def may_read(self, request: Request) -> bool:
        if request.client is None or any(name in request.headers for name in _FORWARDED):
            return False
        try:
            address = ip_address(request.client.host)
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._networks)

    def page(self) -> bytes:
        return generate_latest(self._registry)


class Measured:
    """Counts every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        self._metrics.running.inc()
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._metrics.running.dec()
            self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_of(scope)
        # A client that went away before the answer began has status 0.
        self._metrics.requests.labels(method, route, f"{status // 100}xx").inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        if code := scope.get("problem"):
            self._metrics.problems.labels(str(status), code).inc()


def route_of(scope: Scope) -> str:
    """The template of the route, as /api/jobs/{job_id}."""
    if route := scope.get("route"):
        return str(route.path)
    return "mounted" if "endpoint" in scope else "unmatched"
