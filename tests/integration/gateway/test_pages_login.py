"""The ways in, without a browser: what is sent and what is answered."""

from __future__ import annotations

import base64
import io
import re
import time

import httpx2
import pytest
from joserfc.jwk import RSAKey
from PIL import Image
from pydantic import SecretStr

from qie_batch.gateway.access.cookies import sealed
from qie_batch.gateway.app import create_app
from qie_batch.gateway.pages import PARTS
from qie_batch.gateway.pages import provider as login_at_provider
from qie_batch.processes.logins import login_address
from tests.support.openid import CLIENT, SECRET, running_provider, serving


def png():
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


WHITE = png()


@pytest.fixture
def browser(gateway):
    """Keeps cookies and says which site it asks from, as browsers do."""
    with browsing(gateway.url) as client:
        yield client


def browsing(url, **headers):
    return httpx2.Client(
        base_url=url, headers={"Sec-Fetch-Site": "same-origin", **headers}, follow_redirects=True, timeout=60
    )


def form_token(text):
    return re.search(r'name="form" value="([^"]+)"', text)[1]


def alert(answer):
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return found[1].strip() if found else ""


def test_a_one_time_login_opens_the_pages_once(gateway, browser):
    address = login_address(gateway.settings)
    answer = browser.get(address)
    assert (answer.status_code, answer.url.path) == (200, "/")
    with browsing(gateway.url) as other:
        again = other.get(address)
    assert again.status_code == 403
    assert "qie-batch login" in again.text
    assert "used before" in alert(again)


def test_a_browser_that_only_looks_ahead_does_not_use_the_login_up(gateway, browser):
    address = login_address(gateway.settings)
    browser.get(address, headers={"Sec-Purpose": "prefetch;prerender"})
    assert browser.get(address).url.path == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(gateway):
    answer = httpx2.get(login_address(gateway.settings), timeout=60)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))


def test_who_is_not_logged_in_comes_back_to_the_page_that_was_asked_for(gateway, browser):
    answer = browser.get("/costs?by=sku")
    assert (answer.url.path, answer.url.params["next"]) == ("/login", "/costs?by=sku")
    answer = browser.get(f"{login_address(gateway.settings)}&next=/costs%3Fby%3Dsku")
    assert str(answer.url).endswith("/costs?by=sku")


@pytest.mark.parametrize(
    "changes",
    [{"aud": "qie-batch"}, {"exp": int(time.time()) - 1}, {"iss": "another"}, {"exp": None}],
)
def test_a_session_that_is_not_one_of_ours_or_has_ended_lets_nobody_in(gateway, changes):
    claims = {"aud": "session", "sub": "eve", "tenant": "", "scope": "admin", "exp": int(time.time()) + 60}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    cookie = {f"qie-session-{gateway.settings.gateway_port}": sealed(claims, gateway.settings)}
    assert httpx2.get(f"{gateway.url}/api/jobs", cookies=cookie, timeout=60).status_code == 401


def test_the_api_takes_the_session_and_no_change_that_another_site_asks_for(gateway, browser):
    browser.get(login_address(gateway.settings))
    assert browser.get("/api/jobs").status_code == 200
    path = "/api/jobs/261127-nobody/pause"
    assert browser.post(path).json()["code"] == "job_unknown"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert browser.post(path, headers=headers).json()["code"] == "cross_site"
    del browser.headers["Sec-Fetch-Site"]
    assert browser.post(path).json()["code"] == "cross_site"
    assert browser.post(path, headers={"Origin": "null"}).json()["code"] == "cross_site"
    assert browser.post(path, headers={"Origin": gateway.url}).json()["code"] == "job_unknown"


def test_a_form_needs_the_token_of_its_session(gateway, browser):
    home = browser.get(login_address(gateway.settings))
    assert browser.post("/logout", data={"form": "guessed"}).status_code == 403
    assert browser.post("/logout").status_code == 403
    assert browser.get("/jobs").url.path == "/jobs"
    assert browser.post("/logout", data={"form": form_token(home.text)}).url.path == "/login"
    assert browser.get("/jobs").url.path == "/login"


def test_a_page_lets_nothing_run_but_its_own_files(gateway, browser):
    answer = browser.get(login_address(gateway.settings))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert "unsafe" not in policy
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text):
        file = browser.get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
    assert browser.get("/static/pages.css").status_code == 404


def test_the_language_is_the_browser_s_until_it_is_switched(gateway, browser):
    browser.headers["Accept-Language"] = "zh-CN,zh;q=0.9"
    answer = browser.get(login_address(gateway.settings))
    assert '<html lang="zh-CN">' in answer.text
    assert browser.get("/jobs/261127-nobody").status_code == 404
    assert alert(browser.get("/jobs/261127-nobody")) == "没有这个任务。"
    assert '<html lang="en">' in browser.get("/language/en?next=/jobs").text
    assert browser.get("/language/en?next=//evil.example").url.path == "/"


@pytest.fixture
def second(gateway):
    """A further gateway on the same ledger, store and broker, with settings of its own."""

    def started(**settings):
        changed = gateway.settings.model_copy(update=settings)
        return serving(create_app(changed), proxy_headers=False)

    return started


def test_a_listed_proxy_says_who_is_logged_in_and_nobody_else_does(second):
    proxied = {"gateway_user_header": "X-Forwarded-User", "gateway_people_tenant": "acme"}
    with second(**proxied, trusted_proxies=("127.0.0.1",)) as url, browsing(url) as browser:
        named = {"X-Forwarded-User": "ann@example.com", "X-Forwarded-For": "203.0.113.9"}
        answer = browser.get("/jobs", headers=named)
        assert answer.url.path == "/jobs"
        assert "ann@example.com" in answer.text
        # Somebody else at the same browser has another session.
        assert "bob@example.com" in browser.get("/jobs", headers={"X-Forwarded-User": "bob@example.com"}).text
    with second(**proxied, trusted_proxies=("10.0.0.7",)) as url, browsing(url) as browser:
        assert browser.get("/jobs", headers={"X-Forwarded-User": "ann"}).url.path == "/login"


def test_an_openid_provider_logs_people_in(second):
    with running_provider() as provider:
        login_at_provider._client.cache_clear()
        settings = {
            "gateway_oidc_issuer": provider.url,
            "gateway_oidc_client_id": CLIENT,
            "gateway_oidc_client_secret": SecretStr(SECRET),
            "gateway_oidc_tenant_claim": "shop",
        }
        with second(**settings) as url:
            provider.claims = {"sub": "u-1", "email": "ann@example.com", "shop": "acme"}
            with browsing(url) as browser:
                assert "/login/oidc?next=/jobs" in browser.get("/jobs").text
                answer = browser.get("/login/oidc?next=/jobs")
                assert (answer.status_code, answer.url.path) == (200, "/jobs")
                assert "ann@example.com" in answer.text
                # What a person may not do is not offered.
                assert browser.get("/api/jobs").status_code == 200
            for wrong in (
                {"aud": "another"},
                {"iss": "https://evil.example"},
                {"exp": 1},
                {"nonce": "another"},
                {"shop": "../../other"},
            ):
                provider.wrong = wrong
                assert refused(url) == 403, wrong
            provider.wrong, provider.signing = {}, RSAKey.generate_key(2048, {"kid": "1"})
            assert refused(url) == 403
            with browsing(url) as browser:
                # An answer that this browser did not ask for.
                assert browser.get("/login/oidc/back?code=x&state=y").status_code == 403


def refused(url):
    with browsing(url) as browser:
        answer = browser.get("/login/oidc?next=/jobs")
        assert browser.get("/jobs").url.path == "/login"
        return answer.status_code


def test_a_page_of_another_tenant_s_things_is_as_one_of_things_that_do_not_exist(gateway):
    row = {"id": "a", "image": f"data:image/png;base64,{WHITE}", "instruction": "make it brighter"}
    with gateway.client("pages-owner") as client:
        answer = client.post("/api/jobs", json={"rows": [row]}).json()
    ids = {"job_id": answer["job"], "item_id": f"{answer['job']}.0", "upload_id": answer["upload"]}
    claims = {"aud": "session", "sub": "eve", "scope": "jobs:read jobs:write", "form": "token"}
    seen = {"pages-owner": set(), "pages-stranger": set()}
    for tenant, statuses in seen.items():
        text = sealed({**claims, "tenant": tenant, "exp": int(time.time()) + 300}, gateway.settings)
        with browsing(gateway.url) as browser:
            browser.cookies.set(f"qie-session-{gateway.settings.gateway_port}", text)
            for route in (route for part in PARTS for route in part.router.routes):
                if "_id}" in route.path:
                    (method,) = route.methods
                    data = {"form": "token"} if method == "POST" else None
                    statuses.add(browser.request(method, route.path.format(**ids), data=data).status_code)
    assert seen["pages-stranger"] == {404}
    assert 404 not in seen["pages-owner"]
