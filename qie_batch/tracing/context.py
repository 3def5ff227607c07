"""The context of a request, as the job that it submits keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Mapping

propagator = TraceContextTextMapPropagator()


def traceparent_of(headers: Mapping[str, str]) -> str:
    """The present span as a W3C `traceparent`; where none is recorded, what the client sent; else "".

    What the client sent is read and written anew: nothing of another form gets through.
    """
    carrier: dict[str, str] = {}
    if trace.get_current_span().get_span_context().is_valid:
        propagator.inject(carrier)
    else:
        propagator.inject(carrier, propagator.extract(headers))
    return carrier.get("traceparent", "")
