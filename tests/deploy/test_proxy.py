"""The proxies of deploy/proxy in front of a server that says what reached it."""

from __future__ import annotations

import http.client
import json
import time

import httpx2
import pytest

from qie_batch.local.ports import free_port
from tests.support.proxies import KINDS, MAX_BODY, running_proxy, start_upstream, until

FORGED = {
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-User": "admin",
    "X-Forwarded-Email": "admin@example.com",
    "X-Forwarded-Groups": "admins",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/x",
    "X-Real-IP": "9.9.9.9",
    "X-Auth-Request-User": "admin",
    "X-Remote-User": "admin",
    "Remote-User": "admin",
    "Forwarded": "for=9.9.9.9;proto=http",
}
CHUNK = b"x" * (1 << 20)


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory):
    """The ports of two."""
    folder = tmp_path_factory.mktemp("upstreams")
    ports = (free_port(), free_port())
    children = [start_upstream(port, folder) for port in ports]
    yield ports
    for child in children:
        child.kill()


@pytest.fixture(scope="module", params=KINDS)
def proxy(request, upstreams, tmp_path_factory):
    with running_proxy(request.param, tmp_path_factory.mktemp(request.param), upstreams) as proxy:
        yield proxy


def seen(upstreams):
    return [httpx2.get(f"http://127.0.0.1:{port}/seen").json() for port in upstreams]


def test_it_speaks_tls_with_its_certificate_and_both_versions_of_http(proxy):
    for http2, version in ((False, "HTTP/1.1"), (True, "HTTP/2")):
        with proxy.client(http2=http2) as client:
            answer = client.get("/healthz")
        assert (answer.status_code, answer.http_version) == (200, version)
    with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx2.get(f"{proxy.url}/healthz")


def test_http_leads_to_https_under_the_name_of_the_proxy(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=10)
    connection.request("POST", "/api/jobs?dry_run=1", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 308
    assert answer.getheader("Location") == f"{proxy.url}/api/jobs?dry_run=1"


def test_what_a_client_says_of_itself_reaches_no_gateway(proxy):
    with proxy.client(headers=FORGED) as client:
        got = client.get("/echo").json()["headers"]
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert got["x-forwarded-proto"] == "https"
    assert got["x-forwarded-host"] == got["host"] == f"localhost:{proxy.port}"
    expected = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    assert {name.lower() for name in FORGED} & set(got) == expected


def test_answers_carry_the_headers_of_a_careful_server(proxy):
    with proxy.client() as client:
        answer = client.get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "caddy" not in str(answer.headers).lower()


def test_metrics_and_readiness_are_closed_however_they_are_written(proxy):
    ways = ("/metrics", "/readyz", "/metrics/", "/%6detrics", "/./readyz", "/echo/../readyz", "//readyz")
    assert {path: proxy.status(path) for path in ways} == dict.fromkeys(ways, 404)


def test_a_body_has_a_limit_and_an_upload_a_larger_one(proxy):
    body = b"x" * (MAX_BODY + 1)
    with proxy.client() as client:
        refused = client.post("/echo", content=body)
        taken = client.post("/api/uploads?name=large", content=body)
        fits = client.post("/echo", content=body[:-1])
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == 413
    assert taken.json()["bytes"] == len(body)
    assert fits.json()["bytes"] == MAX_BODY


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/uploads", "application/octet-stream"), ("/api/jobs", "multipart/form-data; boundary=x")],
)
def test_an_upload_arrives_while_it_is_sent(proxy, upstreams, path, kind):
    name = f"{proxy.kind}-{path[5:]}"
    files = {path for path in proxy.folder.rglob("*") if path.is_file()}

    def body():
        yield from [CHUNK] * 8
        until(lambda: [1 for each in seen(upstreams) if each["received"].get(name)], "bytes behind the proxy")
        assert {path for path in proxy.folder.rglob("*") if path.is_file()} == files
        yield from [CHUNK] * 24

    with proxy.client(headers={"Content-Type": kind}) as client:
        answer = client.post(path, params={"name": name}, content=body())
    assert answer.json() == {"bytes": 32 * len(CHUNK)}


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_an_event_arrives_at_once_and_a_hang_up_reaches_the_gateway(proxy, upstreams, http2):
    before = sum(each["hung_up"] for each in seen(upstreams))
    began = time.monotonic()
    with proxy.client(http2=http2) as client, client.stream("GET", "/events") as answer:
        first = next(line for line in answer.iter_lines() if line.startswith("data:"))
        assert json.loads(first[5:])["pid"]
        assert time.monotonic() - began < 5
    until(lambda: sum(each["hung_up"] for each in seen(upstreams)) > before, "hang-up behind the proxy")


def test_a_client_that_hangs_up_ends_the_request_that_waits(proxy, upstreams):
    before = sum(each["hung_up"] for each in seen(upstreams))
    with proxy.client() as client, pytest.raises(httpx2.ReadTimeout):
        client.post("/slow?seconds=60", content=b"{}", timeout=0.5)
    until(lambda: sum(each["hung_up"] for each in seen(upstreams)) > before, "hang-up behind the proxy")
