from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_span_id, format_trace_id

from qie_batch.tracing import traceparent_of

SENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_span_that_is_recorded_goes_before_what_the_client_sent():
    with TracerProvider().get_tracer("test").start_as_current_span("request") as span:
        context = span.get_span_context()
        ours = f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-"
        assert traceparent_of({"traceparent": SENT}).startswith(ours)


def test_what_the_client_sent_is_kept_where_nothing_is_recorded():
    assert traceparent_of({"traceparent": SENT}) == SENT


@pytest.mark.parametrize(
    "sent",
    ["", "hello", "00-zz", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", SENT.replace("4", "\0"), "9" * 9000],
)
def test_nothing_of_another_form_gets_into_the_ledger(sent):
    assert traceparent_of({"traceparent": sent}) == ""


def test_a_request_without_a_context_has_none():
    assert traceparent_of({}) == ""
