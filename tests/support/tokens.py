"""Tokens that must not be accepted, each made from one that is: a forger's whole bag."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from joserfc.jwk import Key

    from qie_batch.settings import Settings

#: Names of keys that point at something where a program takes them for a path, an address or a query.
KIDS = ("../../../dev/null", "/dev/null", "http://127.0.0.1/keys", "' OR 1=1 --", "\x00", "a" * 400, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Signs tokens as the settings ask for them."""

    settings: Settings
    key: Key

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Valid for an hour; a claim of None is left out."""
        now = int(time.time())
        claims = {
            "iss": self.settings.jwt_issuer,
            "aud": self.settings.jwt_audience,
            "sub": "acme-program",
            "tenant": "acme",
            "scope": "jobs:read",
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        return self.sign(self.claims(**claims), header)

    def sign(self, claims: Any, header: dict[str, Any] | None = None) -> str:
        algorithm = self.settings.jwt_algorithm
        named = {"alg": algorithm} | ({} if algorithm == "HS256" else {"kid": self.key.kid})
        return jwt.encode({**named, **(header or {})}, claims, self.key, algorithms=[algorithm])


def hostile_tokens(issuer: Issuer) -> Iterator[tuple[str, str]]:
    """Name and token of each."""
    yield from _wrong_claims(issuer)
    yield from _wrong_signatures(issuer)
    yield from _wrong_headers(issuer)
    yield from _wrong_forms(issuer)


def _wrong_claims(issuer: Issuer) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    for name in ("iss", "aud", "sub", "iat", "exp", "tenant"):
        yield f"without {name}", issuer.token(**{name: None})
        for shown, value in (("empty", ""), ("a list", []), ("true", True), ("an object", {"a": 1})):
            yield f"{name} is {shown}", issuer.token(**{name: value})
    changed: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 1},
        "expired long ago": {"exp": 0},
        "exp is negative": {"exp": -1},
        "exp is text": {"exp": "999999999999"},
        "exp is text of a date": {"exp": "2999-01-01T00:00:00Z"},
        "exp is null and text": {"exp": "null"},
        "from tomorrow": {"nbf": now + 86_400},
        "nbf is text": {"nbf": "0"},
        "issued tomorrow": {"iat": now + 86_400},
        "iat is text": {"iat": "0"},
        "foreign audience": {"aud": "someone-else"},
        "foreign audiences": {"aud": ["a", "b"]},
        "audience in an object": {"aud": {"0": "qie-batch"}},
        "audience with a space": {"aud": "qie-batch "},
        "audience of a session": {"aud": "session"},
        "foreign issuer": {"iss": "https://evil.example"},
        "issuer in a list": {"iss": ["qie-batch"]},
        "issuer in capitals": {"iss": "QIE-BATCH"},
        "sub is a number": {"sub": 7},
        "sub with a line feed": {"sub": "a\nINFO forged: yes"},
        "sub with an escape": {"sub": "\x1b[2J"},
        "sub is huge": {"sub": "x" * 1000},
        "scope is a list": {"scope": ["admin"]},
        "tenant of the command line": {"tenant": "", "scope": "jobs:read jobs:write edits"},
        "tenant is a path": {"tenant": "../other"},
        "tenant is dots": {"tenant": ".."},
        "tenant with a slash": {"tenant": "acme/nightly"},
        "tenant with a wildcard": {"tenant": "%"},
        "tenant with a NUL": {"tenant": "acme\0"},
        "tenant with a line feed": {"tenant": "acme\n"},
        "tenant in Cyrillic": {"tenant": "\u0430cme"},
        "tenant is long": {"tenant": "x" * 65},
        "tenant is a number": {"tenant": 5},
        "tenant is null": {"tenant": ["acme"]},
    }
    for name, changes in changed.items():
        yield name, issuer.token(**changes)
    for shown in ("NaN", "Infinity", "1e999", "-1e999"):
        text = json.dumps(issuer.claims()).replace(f'"exp": {issuer.claims()["exp"]}', f'"exp": {shown}')
        yield f"exp is {shown}", _signed(issuer, text)
    yield "claims are a list", _signed(issuer, json.dumps([issuer.claims()]))
    yield "claims are no JSON", _signed(issuer, "{")
    yield "claims are nested", _signed(issuer, "[" * 3000 + "]" * 3000)
    yield "claims are empty", _signed(issuer, "")


def _wrong_signatures(issuer: Issuer) -> Iterator[tuple[str, str]]:
    good = issuer.token()
    head, claims, signature = good.split(".")
    yield "no signature", f"{head}.{claims}."
    yield "two parts", f"{head}.{claims}"
    yield "a bit is turned", f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    yield "cut signature", good[:-20]
    yield "signature of another token", f"{head}.{claims}.{issuer.token(sub='other').split('.')[2]}"
    yield "claims of another token", f"{head}.{_part(issuer.claims(scope='admin'))}.{signature}"
    algorithm = issuer.settings.jwt_algorithm
    for name, key in (
        ("HS256", OctKey.generate_key(256)),
        ("RS256", RSAKey.generate_key(2048)),
        ("EdDSA", OKPKey.generate_key("Ed25519")),
        ("ES256", ECKey.generate_key("P-256")),
    ):
        kid = {} if issuer.key.kid is None else {"kid": issuer.key.kid}
        signed = jwt.encode({"alg": name, **kid}, issuer.claims(), key, algorithms=[name])
        yield f"{name} of a stranger", signed
        _, claims, signature = signed.split(".")
        yield f"{name} said to be {algorithm}", f"{_part({'alg': algorithm, **kid})}.{claims}.{signature}"
    if algorithm == "HS256":
        return
    # The public key is public: as an HMAC secret it would sign anything.
    for form, public in (
        ("PEM", issuer.key.as_pem(private=False)),
        ("DER", issuer.key.as_der(private=False)),
        ("JWK", json.dumps(issuer.key.as_dict(private=False)).encode()),
    ):
        for name in ("HS256", "HS384", "HS512"):
            text = f"{_part({'alg': name, 'kid': issuer.key.kid})}.{_part(issuer.claims(scope='admin'))}"
            mac = hmac.new(public, text.encode(), getattr(hashlib, f"sha{name[2:]}")).digest()
            yield f"{name} with the public key as {form}", f"{text}.{_encoded(mac)}"


def _wrong_headers(issuer: Issuer) -> Iterator[tuple[str, str]]:
    claims = _part(issuer.claims(scope="admin"))
    for alg in ("none", "None", "NONE", "nOnE", "", " none", "HS1", "RSA-OAEP", "dir"):
        yield f"alg {alg!r}", f"{_part({'alg': alg})}.{claims}."
        yield f"alg {alg!r} with a signature", f"{_part({'alg': alg})}.{claims}.AAAA"
    for alg in (None, 0, [], ["none"], {"a": 1}, True):
        yield f"alg {alg!r}", f"{_part({'alg': alg})}.{claims}."
    yield "no alg", f"{_part({'typ': 'JWT'})}.{claims}."
    own = RSAKey.generate_key(2048)
    public = own.as_dict(private=False)
    for name, header in {
        "its own key": {"jwk": public},
        "the address of its key": {"jku": "https://evil.example/keys"},
        "the address of a certificate": {"x5u": "https://evil.example/cert"},
        "a certificate": {"x5c": ["MII"]},
    }.items():
        yield f"brings {name}", jwt.encode({"alg": "RS256", **header}, issuer.claims(), own)
    stranger = OctKey.generate_key(256)
    for kid in KIDS:
        yield f"kid {kid[:20]!r}", jwt.encode({"alg": "HS256", "kid": kid}, issuer.claims(), stranger)
    for kid in (0, [], {"a": 1}, True):
        yield f"kid {kid!r}", f"{_part({'alg': issuer.settings.jwt_algorithm, 'kid': kid})}.{claims}.AAAA"
    yield "unknown critical header", _signed(issuer, json.dumps(issuer.claims()), crit=["exp"], exp=1)
    yield "unencoded payload", _signed(issuer, json.dumps(issuer.claims()), crit=["b64"], b64=False)
    yield "header is a list", f"{_part([])}.{claims}.AAAA"
    yield "header is nested", f"{_encoded(b'[' * 300)}.{claims}.AAAA"
    yield "header is text", f"{_part('none')}.{claims}.AAAA"


def _wrong_forms(issuer: Issuer) -> Iterator[tuple[str, str]]:
    good = issuer.token()
    yield "empty", ""
    yield "dots", ".."
    yield "many dots", "." * 500
    yield "a word", "hello"
    yield "four parts", f"{good}.AAAA"
    yield "five parts", "a.b.c.d.e"
    yield "as JSON", json.dumps({"payload": good.split(".")[1], "signatures": []})
    yield "huge", issuer.token(more="x" * 20_000)
    yield "a megabyte of dots", "." * 60_000
    yield "no base64", "!!!.???.***"
    yield "with a space inside", f"{good[:20]} {good[20:]}"
    yield "twice", f"{good}{good}"
    yield "with padding", f"{good}=="
    yield "in quotation marks", f'"{good}"'


def _signed(issuer: Issuer, text: str, **header: Any) -> str:
    """Rightly signed, whatever the text of the claims."""
    from joserfc import jws  # noqa: PLC0415 - beside its only use
    from joserfc.jws import JWSRegistry  # noqa: PLC0415

    algorithm = issuer.settings.jwt_algorithm
    named = {"alg": algorithm} if algorithm == "HS256" else {"alg": algorithm, "kid": issuer.key.kid}
    if not header:
        return jws.serialize_compact(
            named, text.encode(), issuer.key, registry=JWSRegistry(algorithms=[algorithm])
        )
    first = f"{_part({**named, **header})}.{_encoded(text.encode())}".encode()
    signature = JWSRegistry.algorithms[algorithm].sign(first, issuer.key)
    return f"{first.decode()}.{_encoded(signature)}"


def _part(value: Any) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
