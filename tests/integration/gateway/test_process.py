"""The gateway's own process: whose X-Forwarded-* count, and what its log says."""

from __future__ import annotations

import re
import time

import httpx2
import pytest

from qie_batch.errors import Misconfigured, UsageError
from qie_batch.processes import launch
from qie_batch.settings import Settings
from tests.support.gateways import lone_gateway, lone_settings, token

FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
ID = "a-request-of-the-test"


def ask(settings, path="/api/jobs/none", **headers):
    url = f"http://127.0.0.1:{settings.gateway_port}{path}"
    return httpx2.get(url, headers={"X-Request-Id": ID, **headers}, timeout=30)


def logged(gateway):
    return gateway.log_path.read_text()


def lines_of(gateway, text):
    """A request is logged once its answer is sent, so the client may be first."""
    deadline = time.monotonic() + 5
    while not (found := [line for line in logged(gateway).splitlines() if text in line]):
        assert time.monotonic() < deadline, f"no line has {text!r}"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def open_settings(stack, tmp_path_factory):
    return lone_settings(stack, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def alone(open_settings):
    """A gateway that trusts no proxy."""
    with lone_gateway(open_settings) as gateway:
        yield gateway


@pytest.mark.slow
def test_a_client_cannot_say_that_it_is_another_one(open_settings, alone):
    answer = ask(open_settings, "/api/jobs/forged", **FORGED)
    (line,) = lines_of(alone, "/api/jobs/forged")
    assert line.endswith("client=127.0.0.1")
    assert "203.0.113.9" not in logged(alone)
    assert "strict-transport-security" not in answer.headers


def test_only_a_listed_proxy_may_say_who_the_client_is(stack, tmp_path):
    settings = lone_settings(stack, tmp_path, trusted_proxies=("127.0.0.0/8", "10.0.0.1"))
    with lone_gateway(settings) as gateway:
        answer = ask(settings, "/api/jobs/proxied", **FORGED)
        assert lines_of(gateway, "/api/jobs/proxied")[0].endswith("client=203.0.113.9")
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        # The proxy adds the address that it saw to what the client made up.
        ask(settings, "/api/jobs/chained", **{"X-Forwarded-For": "1.1.1.1, 198.51.100.7, 10.0.0.1"})
        assert lines_of(gateway, "/api/jobs/chained")[0].endswith("client=198.51.100.7")


@pytest.mark.slow
def test_a_proxy_that_is_not_the_listed_one_may_not(stack, tmp_path):
    settings = lone_settings(stack, tmp_path, trusted_proxies=("10.0.0.0/8",))
    with lone_gateway(settings) as gateway:
        ask(settings, "/api/jobs/stranger", **FORGED)
        assert lines_of(gateway, "/api/jobs/stranger")[0].endswith("client=127.0.0.1")


@pytest.mark.parametrize("listed", ["*", "proxy.example", "10.0.0.1/8", "0.0.0.0/33", "10.0.0.1 ;"])
def test_what_is_no_address_of_a_proxy_is_refused_at_the_start(tmp_path, listed):
    with pytest.raises(Misconfigured, match="no address or network"):
        Settings(dir=tmp_path, trusted_proxies=listed)


def test_every_request_is_one_line_with_its_id_and_subject(open_settings, alone):
    ask(open_settings, "/api/jobs/logged?code=secret", Authorization=f"Bearer {token(open_settings)}")
    (line,) = lines_of(alone, "/api/jobs/logged")
    assert re.search(
        rf" \[{ID}\]: GET /api/jobs/logged 404 [0-9.]+ ms subject=acme/acme-program client=127\.0\.0\.1$",
        line,
    )
    assert "secret" not in logged(alone)


def test_a_path_cannot_forge_a_line(open_settings, alone):
    ask(open_settings, "/api/%0A2026-11-27%20INFO%20forged%1B[2J%0D")
    (line,) = lines_of(alone, "INFO%20forged")
    assert line.isprintable()
    assert "/api/\ufffd2026-11-27%20INFO%20forged" in line


def test_credentials_are_in_no_line(open_settings, alone):
    key, made_up = "qie_" + "S" * 43, token(open_settings)
    ask(open_settings, f"/api/jobs/{key}", Authorization=f"Bearer {key}")
    ask(open_settings, f"/api/jobs/{made_up}", Authorization=f"Bearer {made_up}")
    assert len(lines_of(alone, "/api/jobs/qie_****")) == 1
    for secret in (key, made_up, open_settings.gateway_secret.get_secret_value()):
        assert secret not in logged(alone)


def test_probes_are_not_logged_and_the_server_is_not_named(open_settings, alone):
    answer = ask(open_settings, "/healthz")
    assert "server" not in answer.headers
    ask(open_settings, "/api/jobs/after")
    assert lines_of(alone, "/api/jobs/after")
    assert "/healthz" not in logged(alone)


def test_pages_that_load_programs_from_elsewhere_are_not_served(open_settings, alone):
    assert ask(open_settings, "/openapi.json").status_code == 200
    assert {ask(open_settings, path).status_code for path in ("/docs", "/redoc")} == {404}
    assert alone.poll() is None


def test_the_gateway_does_not_start_with_what_cannot_be_checked(tmp_path):
    secret = "x" * launch.SECRET_BYTES
    with pytest.raises(UsageError, match="at least 32 bytes"):
        launch.gateway(Settings(dir=tmp_path, gateway_secret=secret[1:]))
    with pytest.raises(UsageError, match="cannot be checked without the keys"):
        launch.gateway(Settings(dir=tmp_path, gateway_secret=secret, jwt_algorithm="EdDSA"))
    argv = launch.gateway(Settings(dir=tmp_path, gateway_secret=secret)).argv
    assert argv[1:] == ("-m", "qie_batch.gateway")
