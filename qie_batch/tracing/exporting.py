"""What the extra [tracing] brings: the provider of spans, and the way to the collector."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from qie_batch import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

log = logging.getLogger(__name__)

#: Seconds in which the collector must take a batch.
_EXPORT_SECONDS = 3.0
_QUERY = "url.query"


class Exporter(OTLPSpanExporter):
    """Says once that the collector takes nothing, and again only after it took something."""

    def __init__(self, variable: str) -> None:
        super().__init__(timeout=_EXPORT_SECONDS)
        self._variable = variable
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self._away:
            log.warning(
                "spans are dropped, and work goes on: the collector that %s names takes none; see that it is"
                " there and reads OTLP over HTTP",
                self._variable,
            )
        self._away = away
        return result


class WithoutQueries(SpanProcessor):
    """A query is not for the collector: a one-time login and the code of an OpenID provider stand in one."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the SDK's form
        attributes: Any = span.attributes or {}
        if _QUERY in attributes:
            span.set_attribute(_QUERY, "REDACTED")


def new_provider(service: str, variable: str) -> TracerProvider:
    """Raises ValueError or OSError for a variable OTEL_* that cannot be used."""
    names = {"service.name": service, "service.version": __version__}
    provider = TracerProvider(resource=Resource.create(names), shutdown_on_exit=False)
    provider.add_span_processor(WithoutQueries())
    provider.add_span_processor(BatchSpanProcessor(Exporter(variable)))
    # Would say for each batch what Exporter says once.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
    return provider
