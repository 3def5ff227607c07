from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request

from qie_batch.gateway.metrics import Measured, Metrics


def scope(client="127.0.0.1", method="GET", **headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "client": (client, 1), "headers": raw}


@pytest.mark.parametrize(
    ("client", "headers", "expected"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.1.2.3", {}, True),
        ("10.2.0.1", {}, False),
        ("203.0.113.9", {}, False),
        ("testclient", {}, False),
        ("127.0.0.1", {"x_forwarded_for": "10.1.2.3"}, False),
        ("127.0.0.1", {"via": "1.1 proxy"}, False),
        ("10.1.2.3", {"forwarded": "for=10.1.2.3"}, False),
    ],
)
def test_figures_are_for_listed_addresses_without_a_proxy_between(client, headers, expected):
    assert Metrics(["10.1.0.0/16"]).may_read(Request(scope(client, **headers))) is expected


def test_what_clients_choose_makes_no_new_series():
    metrics = Metrics([])

    async def app(scope, _receive, send):
        scope["problem"] = "rate_limited"
        await send({"type": "http.response.start", "status": 429, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(_message):
        pass

    for number in range(50):
        request = scope(method=f"METHOD{number}") | {"path": f"/{number}"}
        asyncio.run(Measured(app, metrics)(request, None, send))
    page = metrics.page().decode()
    assert 'qie_gateway_requests_total{method="other",route="unmatched",status="4xx"} 50.0' in page
    assert 'qie_gateway_problems_total{code="rate_limited",status="429"} 50.0' in page
    assert page.count("qie_gateway_requests_total{") == 1


def test_a_request_that_fails_is_counted_and_runs_no_longer():
    metrics = Metrics([])

    async def app(_scope, _receive, _send):
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        asyncio.run(Measured(app, metrics)(scope(), None, None))
    page = metrics.page().decode()
    assert 'status="0xx"} 1.0' in page
    assert "qie_gateway_requests_running 0.0" in page
