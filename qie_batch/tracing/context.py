"""The provider of a process, and the context of the request that a thread works for."""

from __future__ import annotations

import logging
import os

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from qie_batch import __version__

log = logging.getLogger(__name__)

#: The variable by which OpenTelemetry's exporters are told where the collector is.
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
#: Seconds in which the collector must take what is left when the process ends.
_EXPORT_SECONDS = 3.0

propagator = TraceContextTextMapPropagator()


def start(service: str) -> None:
    """Record spans in this process, under this `service.name`, where the environment asks for that.

    The collector is asked from a thread; while it is away spans are dropped, and nothing waits.
    """
    if not os.environ.get(ENDPOINT):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - of the extra, as above and below
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        log.warning("no traces, though %s is set: install the extra [tracing] (%s)", ENDPOINT, error)
        return
    names = {"service.name": service, "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(names))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=_EXPORT_SECONDS)))
    trace.set_tracer_provider(provider)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # would say each time that a collector is away


def current_traceparent() -> str:
    """The context of the present span as a W3C `traceparent`; "" outside of any."""
    carrier: dict[str, str] = {}
    propagator.inject(carrier)
    return carrier.get("traceparent", "")
