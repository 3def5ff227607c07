"""Traces by OpenTelemetry: a span of each request to the gateway and of each attempt, linked by the job.

Nothing is recorded unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector and the extra [tracing] is installed.
The queue's messages carry no context: they are hints, and are sent again. The job's row carries it.
"""

from qie_batch.tracing.context import traceparent_of
from qie_batch.tracing.edits import EditSpans
from qie_batch.tracing.process import finish, start

__all__ = ["EditSpans", "finish", "start", "traceparent_of"]
