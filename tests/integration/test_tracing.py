"""Spans of one row from the gateway to the store, in a receiver that reads OTLP."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.catalogs import WHITE, closed, csv, png
from tests.support.gateways import running_gateway

pytestmark = pytest.mark.slow
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SECONDS = 30


class Collector:
    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    (service,) = (
                        each.value.string_value
                        for each in resource.resource.attributes
                        if each.key == "service.name"
                    )
                    for scope in resource.scope_spans:
                        collector.spans += [(service, span) for span in scope.spans]
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def named(self, name):
        return [(service, span) for service, span in self.spans if span.name == name]


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_an_attempt_is_linked_to_the_request_that_submitted_its_job(collector, tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server.server_port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    with running_gateway(tmp_path) as gateway, gateway.client("traced") as client:
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        closed(client, client.post("/api/jobs", files=files, headers=headers).json()["job"])
        deadline = time.monotonic() + SECONDS
        while not (collector.named("edit") and collector.named("POST /api/jobs")):
            assert time.monotonic() < deadline, [span.name for _, span in collector.spans]
            time.sleep(0.1)
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


def test_a_collector_that_is_away_delays_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    with running_gateway(tmp_path) as gateway, gateway.client("traced") as client:
        closed(client, client.post("/api/jobs", files=files).json()["job"])
