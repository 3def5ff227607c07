"""Spans of one row from the gateway to the store, in a receiver that reads OTLP."""

from __future__ import annotations

import pytest

from tests.support.catalogs import WHITE, closed, csv, png
from tests.support.gateways import running_gateway
from tests.support.otlp import Collector

pytestmark = pytest.mark.slow
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SECRET = "one-time-login-of-a-person"


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


def test_an_attempt_is_linked_to_the_request_that_submitted_its_job(collector, tmp_path, monkeypatch):
    """Nothing is sent before the processes end, each by SIGTERM: they send what is left."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    with running_gateway(tmp_path) as gateway, gateway.client("traced") as client:
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        closed(client, client.post("/api/jobs", files=files, headers=headers).json()["job"])
        client.get(f"/login?code={SECRET}")
        assert collector.spans == []
    ((service, request),) = collector.named("POST /api/jobs")
    assert (service, request.trace_id.hex()) == ("qie-gateway", TRACE)
    ((service, edit),) = collector.named("edit")
    assert service == "qie-worker"
    (link,) = edit.links
    assert link.trace_id.hex() == TRACE
    # Of the request itself, or of the call of its route below it.
    asked = {span.span_id for service, span in collector.spans if span.trace_id.hex() == TRACE}
    assert link.span_id in asked
    stages = {span.name for _, span in collector.spans if span.parent_span_id == edit.span_id}
    assert stages == {"fetch", "wait", "paint", "check", "store", "close"}
    assert collector.named("GET /login")
    assert SECRET not in str(collector.spans)
    assert not collector.named("GET /readyz")


def test_a_collector_that_is_away_delays_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    with running_gateway(tmp_path) as gateway, gateway.client("traced") as client:
        closed(client, client.post("/api/jobs", files=files).json()["job"])
