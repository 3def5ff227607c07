"""Which tokens are accepted, for each of the algorithms that can be pinned."""

from __future__ import annotations

import base64
import json
import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey, OKPKey, RSAKey

from qie_batch.errors import Misconfigured
from qie_batch.gateway.access import Scope
from qie_batch.gateway.access.tokens import Tokens
from qie_batch.gateway.problems import AccessDenied
from qie_batch.settings import Settings
from tests.support.tokens import Issuer, hostile_tokens

SECRET = "a-secret-of-more-than-thirty-two-bytes"
KEYS = {
    "HS256": OctKey.import_key(SECRET),
    "RS256": RSAKey.generate_key(2048, {"kid": "one"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "one"}),
}


def settings_of(folder, algorithm):
    jwks = folder / "jwks.json"
    if algorithm != "HS256":
        jwks.write_text(json.dumps({"keys": [KEYS[algorithm].as_dict(private=False)]}))
    return Settings(
        dir=folder,
        gateway_secret=SECRET,
        jwt_algorithm=algorithm,
        jwt_keys="" if algorithm == "HS256" else str(jwks),
    )


@pytest.fixture(params=list(KEYS), scope="module")
def issuer(request, tmp_path_factory):
    return Issuer(
        settings=settings_of(tmp_path_factory.mktemp("keys"), request.param), key=KEYS[request.param]
    )


@pytest.fixture(scope="module")
def tokens(issuer):
    return Tokens(issuer.settings)


def test_a_valid_token_names_its_subject_tenant_and_scopes(issuer, tokens):
    subject = tokens.subject(issuer.token(scope="jobs:read openid edits", aud=["other", "qie-batch"]))
    assert (subject.name, subject.tenant) == ("acme-program", "acme")
    assert subject.scopes == {Scope.JOBS_READ, Scope.EDITS}


def test_no_hostile_token_is_accepted_and_each_is_refused_in_a_sentence(issuer, tokens):
    hostile = list(hostile_tokens(issuer))
    assert len(hostile) > 130
    for name, token in hostile:
        with pytest.raises(AccessDenied, match="the token is not accepted: ") as refused:
            pytest.fail(f"{name} was accepted: {tokens.subject(token)}")
        assert refused.value.status == 401
        assert refused.value.message.isprintable()


def test_a_token_counts_from_when_it_was_issued_by_clocks_that_differ_a_little(issuer, tokens):
    now = int(time.time())
    assert tokens.subject(issuer.token(iat=now + 5, nbf=now + 5))
    with pytest.raises(AccessDenied, match="has expired"):
        tokens.subject(issuer.token(exp=now - 1))


def test_a_token_is_known_once_it_was_checked_and_until_it_expires(issuer, tokens, monkeypatch):
    token = issuer.token(exp=int(time.time()) + 60, jti="known")
    assert tokens.known(token) is None
    assert tokens.subject(token) == tokens.known(token)
    assert tokens.known(token[:-2]) is None
    later = time.time() + 61
    monkeypatch.setattr("qie_batch.gateway.access.tokens.time.time", lambda: later)
    for ask in (tokens.known, tokens.subject):
        with pytest.raises(AccessDenied, match="has expired"):
            ask(token)


def test_scopes_of_other_services_give_nothing(issuer, tokens):
    given_ = "ADMIN Admin jobs:* admin2 jobs:read,admin jobs:readadmin admin\tedits"
    assert tokens.subject(issuer.token(scope=given_)).scopes == frozenset()
    assert tokens.subject(issuer.token(scope=None)).scopes == frozenset()


def test_only_an_admin_of_a_stack_that_signs_its_own_tokens_may_be_the_command_line(issuer, tokens):
    for tenant in ("", None):
        if issuer.settings.jwt_algorithm == "HS256":
            assert tokens.subject(issuer.token(scope="admin", tenant=tenant)).tenant == ""
        else:
            with pytest.raises(AccessDenied, match="must name a tenant"):
                tokens.subject(issuer.token(scope="admin", tenant=tenant))


def test_the_claim_that_names_the_tenant_can_be_the_subject(tmp_path):
    settings = settings_of(tmp_path, "HS256").model_copy(update={"jwt_tenant_claim": "sub"})
    issuer = Issuer(settings=settings, key=KEYS["HS256"])
    assert Tokens(settings).subject(issuer.token(sub="maria", tenant="other")).tenant == "maria"


@cache
def made_once():
    """Of the same settings for each example."""
    settings = Settings(gateway_secret=SECRET)
    return Tokens(settings), Issuer(settings=settings, key=KEYS["HS256"])


@given(st.text(), st.text(), st.text())
def test_any_three_texts_are_refused(head, claims, signature):
    tokens, _ = made_once()
    with pytest.raises(AccessDenied):
        tokens.subject(f"{head}.{claims}.{signature}")


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "cty", "x"]), _json)
    | st.fixed_dictionaries({"alg": st.just("HS256")}, optional={"kid": _json, "crit": _json, "b64": _json}),
    _json,
)
def test_any_header_and_claims_without_a_signature_are_refused(header, claims):
    tokens, _ = made_once()
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    ]
    with pytest.raises(AccessDenied):
        tokens.subject(".".join([*parts, "AAAA"]))


@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "sub", "iat", "exp", "nbf", "tenant", "scope", "jti"]), _json
    )
)
def test_any_claims_rightly_signed_are_accepted_only_with_the_required_ones(changes):
    tokens, issuer = made_once()
    try:
        subject = tokens.subject(issuer.sign({**issuer.claims(), **changes}))
    except AccessDenied:
        return
    assert subject.tenant
    assert subject.name.isprintable()


def test_without_what_tokens_are_checked_with_the_gateway_does_not_start(tmp_path):
    with pytest.raises(Misconfigured, match="without a secret"):
        Tokens(Settings(dir=tmp_path))
    for keys in ("", "http://issuer.example/jwks", "ftp://issuer.example/jwks"):
        with pytest.raises(Misconfigured, match="neither a file nor an https"):
            Tokens(Settings(dir=tmp_path, jwt_algorithm="RS256", jwt_keys=keys))
