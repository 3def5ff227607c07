"""The stream of a job that is not closed, and of a gateway that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import httpx2
import pytest

from qie_batch.local.ports import free_port
from qie_batch.processes.launch import gateway as launch
from tests.support.catalogs import WHITE, png
from tests.support.gateways import token, wait_ready


@pytest.fixture
def paused(gateway):
    with gateway.client("events") as client:
        upload = client.post("/api/uploads", files={"f": ("a.png", png())}).json()["upload"]
        rows = [{"id": str(n), "image": "a.png", "instruction": WHITE, "seed": n} for n in range(200)]
        job = client.post("/api/jobs", json={"rows": rows, "upload": upload}).json()["job"]
        client.post(f"/api/jobs/{job}/pause")
        yield job
        client.post(f"/api/jobs/{job}/cancel")


@contextmanager
def another_gateway(gateway):
    """A second replica, with its process."""
    port = free_port()
    start = launch(gateway.settings)
    environment = {**os.environ, **start.environment, "QIE_GATEWAY_PORT": str(port)}
    with subprocess.Popen(start.argv, env=environment) as process:
        wait_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", process
        process.kill()


def events(answer):
    """The data of each event."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_each_change_is_an_event_until_the_job_is_closed(gateway, paused):
    with gateway.client("events") as client, client.stream("GET", f"/api/jobs/{paused}/events") as answer:
        told = events(answer)
        assert next(told)["state"] == "paused"
        with gateway.client("events") as other:
            other.post(f"/api/jobs/{paused}/cancel")
        assert list(told)[-1]["state"] == "closed"


def test_an_unknown_job_is_a_problem_and_no_stream(gateway):
    with gateway.client("events") as client:
        answer = client.get("/api/jobs/261127-none/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")


def test_a_gateway_that_ends_does_not_wait_for_streams(gateway, paused):
    with another_gateway(gateway) as (url, process):
        bearer = {"Authorization": f"Bearer {token(gateway.settings, 'events')}"}
        with httpx2.stream("GET", f"{url}/api/jobs/{paused}/events", headers=bearer, timeout=30) as answer:
            told = events(answer)
            next(told)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert list(told) == []
        process.wait(timeout=30)
        assert time.monotonic() - began < gateway.settings.grace_seconds
