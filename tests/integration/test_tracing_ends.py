"""A process whose collector is away, or whose variables are wrong: one sentence, and an end in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from qie_batch.tracing.exporting import Exporter

#: More spans than one batch takes, so that the end of the process has several to send.
PROGRAM = """
import logging, sys, time
from opentelemetry import trace
from qie_batch import tracing
logging.basicConfig(format="%(levelname)s: %(message)s")
tracing.start("test")
tracer = trace.get_tracer("test")
for number in range(1500):
    tracer.start_span("span").end()
logging.getLogger("test").warning("worked")
print(time.time(), flush=True)
"""


def ran(**environment):
    """Its lines, and the seconds that it took to end."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stderr.splitlines(), time.time() - float(run.stdout)


@pytest.fixture
def silent():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_collector_that_never_answers_does_not_hold_a_process_that_ends(silent):
    lines, seconds = ran(OTEL_EXPORTER_OTLP_ENDPOINT=silent)
    assert "WARNING: worked" in lines
    assert seconds < 2.5


def test_a_collector_that_is_away_does_not_hold_it_either():
    lines, seconds = ran(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:1/")
    assert [line for line in lines if line.startswith("ERROR")] == []
    assert seconds < 2.5


class Moody(BaseHTTPRequestHandler):
    """Answers with these status codes in turn."""

    codes: ClassVar[list[int]] = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.codes.pop(0))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_each_time_that_the_collector_begins_to_take_nothing_is_said_once(monkeypatch, caplog):
    Moody.codes = [404, 401, 404, 200, 404, 404]
    with HTTPServer(("127.0.0.1", 0), Moody) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        exporter = Exporter("OTEL_EXPORTER_OTLP_ENDPOINT")
        told = []
        while Moody.codes:
            caplog.clear()
            exporter.export([])
            told.append(sum(record.name == "qie_batch.tracing.exporting" for record in caplog.records))
        server.shutdown()
    assert told == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
            "no traces: OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[collector"},
            "no traces: a variable OTEL_* cannot be used: Invalid IPv6 URL",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_MAX_QUEUE_SIZE": "1"},
            "no traces: a variable OTEL_* cannot be used: max_export_batch_size must be less than or equal to max_queue_size.",  # noqa: E501
        ),
    ],
)
def test_variables_that_cannot_be_used_are_one_warning(variables, sentence):
    lines, _ = ran(**variables)
    assert lines == [f"WARNING: {sentence}", "WARNING: worked"]
