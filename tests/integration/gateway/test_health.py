"""What proxies and Prometheus ask the gateway."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager

import httpx2
import pytest

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.processes.contract import child_environment
from tests.support.gateways import wait_ready


@contextmanager
def another_gateway(gateway, folder, **variables):
    """A replica on the same stack; its address and process."""
    port = free_port()
    environment = child_environment(gateway.settings.dir) | {"QIE_GATEWAY_PORT": str(port)} | variables
    argv = [sys.executable, "-m", "qie_batch", "gateway"]
    child = ChildProcess.start("gateway", argv, env=environment, log_path=folder / "log")
    try:
        wait_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", child
    finally:
        if child.poll() is None:
            child.kill()


def until(url, expected):
    """The first answer of /readyz with this status, within the time of its cache and its checks."""
    deadline = time.monotonic() + 15
    while (answer := httpx2.get(f"{url}/readyz", timeout=10)).json()["status"] != expected:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    return answer


def test_it_is_ready_when_all_three_services_answer(gateway):
    answer = httpx2.get(f"{gateway.url}/readyz")
    assert answer.json() == {"status": "ok", "services": {"ledger": "ok", "store": "ok", "broker": "ok"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variable", "value", "service", "code"),
    [
        ("QIE_BROKER_URL", "redis://:secret@127.0.0.1:1/0", "broker", "queue_unavailable"),
        ("QIE_S3_ENDPOINT", "http://127.0.0.1:1", "store", None),
    ],
)
def test_a_service_that_is_down_for_all_is_named_and_takes_no_replica_out(
    gateway, tmp_path, variable, value, service, code
):
    with another_gateway(gateway, tmp_path, **{variable: value}) as (url, _):
        answer = until(url, "degraded")
    assert answer.status_code == 200
    named = answer.json()["services"]
    assert named.pop(service) in ({code} if code else {"timeout", "store_unavailable"})
    assert set(named.values()) == {"ok"}
    assert "secret" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_after_sigterm_it_is_not_ready_and_serves_on_until_the_drain_is_over(gateway, tmp_path):
    with another_gateway(gateway, tmp_path, QIE_GATEWAY_DRAIN_SECONDS="2") as (url, child):
        began = time.monotonic()
        child.terminate()
        answer = until(url, 503)
        assert (answer.status_code, answer.json()["code"]) == (503, "draining")
        assert answer.headers["retry-after"]
        assert httpx2.get(f"{url}/healthz").status_code == 200
        assert child.process.wait(30) in {0, -signal.SIGTERM}
        assert time.monotonic() - began >= 2


def test_figures_are_for_the_loopback_and_not_for_those_behind_a_proxy(gateway):
    with gateway.client() as client:
        client.get("/api/jobs/261127-aaaaaa")
        client.get("/api/jobs/261127-bbbbbb")
    page = httpx2.get(f"{gateway.url}/metrics")
    assert page.status_code == 200
    assert 'requests_total{method="GET",route="/api/jobs/{job_id}",status="4xx"}' in page.text
    assert 'problems_total{code="job_unknown",status="404"}' in page.text
    assert "process_resident_memory_bytes" in page.text
    assert "261127" not in page.text
    through = httpx2.get(f"{gateway.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert through.status_code == 404
