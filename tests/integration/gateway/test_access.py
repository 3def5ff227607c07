"""Who gets in, and how often: tokens, keys, rates and quotas at a served gateway."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import httpx2
import pytest
from fastapi import APIRouter
from joserfc.jwk import OctKey, RSAKey

from qie_batch import wiring
from qie_batch.gateway.access import Admin, JobsReader, JobsWriter, Scope
from qie_batch.local.ports import free_port
from qie_batch.local.valkey import answers, start_valkey
from qie_batch.model import Tenant
from qie_batch.steps.tenants import NewKey, add_key, revoke_key
from tests.support.gateways import lone_settings, served, token
from tests.support.ledgers import add, finish
from tests.support.tokens import Issuer, hostile_tokens

router = APIRouter()


@router.get("/api/who")
def _who(subject: JobsReader) -> dict[str, str]:
    return {"name": subject.name, "tenant": subject.tenant}


@router.post("/api/change")
@router.post("/api/jobs/one/cancel", operation_id="cancel")
@router.delete("/api/jobs/one", operation_id="delete")
def _change(_subject: JobsWriter) -> str:
    return "changed"


@router.get("/api/all")
def _all(_subject: Admin) -> str:
    return "all"


@contextmanager
def serving(settings):
    """A client without credentials, and the ledger behind it."""
    ledger = wiring.ledger(settings)
    with served(settings, router) as url, httpx2.Client(base_url=url, timeout=30) as client:
        yield client, ledger
    ledger.dispose()


@pytest.fixture(scope="module")
def settings(stack, tmp_path_factory):
    return lone_settings(stack, tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="module")
def stage(settings):
    with serving(settings) as stage:
        yield stage


@pytest.fixture
def client(stage):
    return stage[0]


@pytest.fixture
def ledger(stage):
    return stage[1]


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_token_lets_in_and_its_scopes_say_to_what(settings, client):
    reader = bearer(token(settings, scope="jobs:read"))
    assert client.get("/api/who", headers=reader).json() == {"name": "acme-program", "tenant": "acme"}
    assert code(client.post("/api/change", headers=reader)) == (403, "forbidden")
    writer = bearer(token(settings, scope="jobs:write"))
    assert client.post("/api/change", headers=writer).status_code == 200
    assert code(client.get("/api/who", headers=writer)) == (403, "forbidden")
    assert code(client.get("/api/all", headers=writer)) == (403, "forbidden")
    assert client.get("/api/all", headers=bearer(token(settings, scope="admin"))).status_code == 200


def test_no_hostile_token_gets_in_and_none_is_a_fault_of_ours(settings, client):
    issuer = Issuer(settings=settings, key=OctKey.import_key(settings.gateway_secret.get_secret_value()))
    assert client.get("/api/who", headers=bearer(issuer.token())).status_code == 200
    sent = 0
    for name, hostile in hostile_tokens(issuer):
        if not hostile or not hostile.isprintable() or not hostile.isascii():  # no client sends it
            continue
        answer = client.get("/api/who", headers=bearer(hostile))
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"].startswith("Bearer")
        sent += 1
    assert sent > 100


def test_a_public_key_is_no_secret(stack, tmp_path):
    """No token that is signed with the bytes of the issuer's public key gets in."""
    key = RSAKey.generate_key(2048, {"kid": "one"})
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    settings = lone_settings(stack, tmp_path, jwt_algorithm="RS256", jwt_keys=str(jwks))
    issuer = Issuer(settings=settings, key=key)
    with serving(settings) as (client, _):
        assert client.get("/api/who", headers=bearer(issuer.token())).status_code == 200
        confused = [text for name, text in hostile_tokens(issuer) if "public key" in name]
        assert len(confused) == 9
        for text in confused:
            assert code(client.get("/api/who", headers=bearer(text))) == (401, "token_invalid")
        # Nor does the secret of sessions sign tokens there.
        assert client.get("/api/who", headers=bearer(token(settings))).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic cWllOnFpZQ=="},
        {"Authorization": "bearer qie_"},
        {"Authorization": "Bearer qie_" + "A" * 43},
        {"Authorization": "Bearer qie_" + "%" * 60_000},
        {"Authorization": b"Bearer qie_\xff\xfe"},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_whatever_is_no_token_and_no_key_is_401(client, headers):
    answer = client.get("/api/who", headers=headers)
    assert answer.status_code == 401
    assert code(answer)[1] in ("unauthorized", "token_invalid", "key_invalid")


def test_two_credentials_are_not_one(settings, client):
    both = [("Authorization", f"Bearer {token(settings)}"), ("Authorization", "Bearer a.b.c")]
    assert client.get("/api/who", headers=both).status_code == 401


def test_a_key_lets_in_until_it_is_revoked(client, ledger):
    scopes = frozenset({Scope.JOBS_READ})
    made = add_key(NewKey(tenant="acme", name="import", scopes=scopes), ledger.api_keys)
    assert client.get("/api/who", headers=bearer(made.secret)).json() == {"name": made.id, "tenant": "acme"}
    assert code(client.post("/api/change", headers=bearer(made.secret))) == (403, "forbidden")
    revoke_key(made.id, ledger.api_keys)
    deadline = time.monotonic() + 3
    while client.get("/api/who", headers=bearer(made.secret)).status_code == 200:
        assert time.monotonic() < deadline, "a revoked key is still accepted"
    assert code(client.get("/api/who", headers=bearer(made.secret))) == (401, "key_invalid")
    assert code(client.get("/api/who", headers=bearer(made.secret.upper()))) == (401, "token_invalid")


def test_an_expired_key_is_401(client, ledger):
    new = NewKey(tenant="acme", name="short", scopes=frozenset(Scope), days=1e-9)
    made = add_key(new, ledger.api_keys)
    assert code(client.get("/api/who", headers=bearer(made.secret))) == (401, "key_invalid")


def test_every_answer_forbids_what_browsers_guess_and_caches_keep(settings, client):
    for path, headers in (("/api/who", bearer(token(settings))), ("/api/who", {}), ("/v1/nowhere", {})):
        answer = client.get(path, headers=headers).headers
        assert answer["x-content-type-options"] == "nosniff"
        assert answer["cache-control"] == "no-store"
        assert answer["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer["content-security-policy"]
        assert "strict-transport-security" not in answer
        assert "server" not in answer or answer["server"] == "uvicorn"  # the process sends none


def test_beyond_its_rate_a_subject_waits_and_others_do_not(stack, tmp_path):
    limits = {"gateway_read_rate": "3/minute", "gateway_write_rate": "2/minute"}
    tenant = tmp_path.name[-20:]  # the stack's Redis is shared
    settings = lone_settings(stack, tmp_path, **limits)
    with serving(settings) as (client, _):
        mine, other = bearer(token(settings, tenant)), bearer(token(settings, tenant, sub="other"))
        statuses = [client.get("/api/who", headers=mine).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = client.get("/api/who", headers=mine)
        assert code(refused) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert client.get("/api/who", headers=other).status_code == 200
        assert [client.post("/api/change", headers=mine).status_code for _ in range(3)] == [200, 200, 429]


def test_an_address_with_too_many_wrong_keys_may_only_send_known_ones(stack, tmp_path):
    address = f"2001:db8:{int(time.time()) % 65536:x}::1"  # the stack's Redis is shared
    settings = lone_settings(
        stack, tmp_path, gateway_wrong_key_rate="3/minute", trusted_proxies=("127.0.0.1",)
    )
    with serving(settings) as (client, ledger):
        scopes = frozenset({Scope.JOBS_READ})
        known, new = (
            add_key(NewKey(tenant="acme", name=name, scopes=scopes), ledger.api_keys) for name in "ab"
        )

        def ask(secret, sender=address):
            return client.get("/api/who", headers={**bearer(secret), "X-Forwarded-For": sender})

        assert ask(known.secret).status_code == 200
        assert [ask(f"qie_{number}" + "A" * 42).status_code for number in range(4)] == [401] * 4
        refused = ask("qie_5" + "A" * 42)
        assert code(refused) == (429, "too_many_wrong_keys")
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert ask(new.secret).status_code == 429
        assert ask(known.secret).status_code == 200
        assert ask(token(settings)).status_code == 200
        assert ask(new.secret, "203.0.113.9").status_code == 200


def test_a_tenant_that_has_spent_its_day_may_read_and_stop_and_nothing_more(stack, tmp_path):
    # The quota is noticed within seconds, in which a fast machine sends more than the usual rate allows.
    settings = lone_settings(stack, tmp_path, gateway_daily_usd="1000", gateway_write_rate="1000000/minute")
    with serving(settings) as (client, ledger):
        mine = bearer(token(settings, "spender", scope="jobs:read jobs:write"))
        add(ledger, "red", owner="spender")
        finish(ledger, seconds=60.0)
        spent = ledger.tenants.spending("spender").spent_micros
        assert client.post("/api/change", headers=mine).status_code == 200
        ledger.tenants.set(Tenant(name="spender", daily_micros=spent))
        deadline = time.monotonic() + 3
        while (answer := client.post("/api/change", headers=mine)).status_code == 200:
            assert time.monotonic() < deadline, "the quota is not noticed"
        assert code(answer) == (429, "quota_reached")
        assert 1 <= int(answer.headers["retry-after"]) <= 86_400
        assert answer.headers["x-should-retry"] == "false"
        assert client.get("/api/who", headers=mine).status_code == 200
        assert client.post("/api/jobs/one/cancel", headers=mine).status_code == 200
        assert client.delete("/api/jobs/one", headers=mine).status_code == 200
        assert client.post("/api/change", headers=bearer(token(settings, "thrifty"))).status_code == 200


def test_without_redis_writes_are_refused_and_reads_go_on(stack, tmp_path):
    port = free_port()
    broker_url = f"redis://:secret@127.0.0.1:{port}/0"

    def start():
        child = start_valkey(
            tmp_path / "valkey", log_path=tmp_path / "valkey.log", port=port, password="secret"
        )
        child.wait_until(lambda: answers(broker_url), 20)
        return child

    valkey = start()
    settings = lone_settings(stack, tmp_path, broker_url=broker_url)
    with serving(settings) as (client, _):
        mine = bearer(token(settings))
        assert client.post("/api/change", headers=mine).status_code == 200
        valkey.stop()
        for _ in range(3):
            refused = client.post("/api/change", headers=mine)
            assert code(refused) == (503, "limits_unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            assert client.get("/api/who", headers=mine).status_code == 200
        valkey = start()
        try:
            deadline = time.monotonic() + 10
            while client.post("/api/change", headers=mine).status_code != 200:
                assert time.monotonic() < deadline, "writes are not accepted again"
        finally:
            valkey.stop()
