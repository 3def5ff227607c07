"""Which documents of keys are taken, and when they are read again."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from qie_batch.errors import Misconfigured, Unavailable
from qie_batch.gateway.access.jwks import (
    MOST_BYTES,
    READ_SECONDS,
    TRUSTED_SECONDS,
    UNKNOWN_SECONDS,
    PublicKeys,
    key_set,
    public_keys,
)

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})


def document(*keys, **changes):
    return json.dumps({"keys": [{**key.as_dict(private=False), **changes} for key in keys]}).encode()


def kids(keys):
    return [key.kid for key in keys]


def test_keys_of_other_kinds_and_uses_are_left_out():
    others = (ECKey.generate_key("P-256"), OKPKey.generate_key("X25519"), OKPKey.generate_key("Ed448"))
    assert kids(key_set(document(RSA, ED, *others), "RS256")) == ["rsa"]
    assert kids(key_set(document(RSA, ED, *others), "EdDSA")) == ["ed"]
    assert kids(key_set(document(ED, alg="Ed25519", use="sig"), "EdDSA")) == ["ed"]
    with pytest.raises(Misconfigured, match="no key for RS256"):
        key_set(document(RSA, use="enc"), "RS256")
    with pytest.raises(Misconfigured, match="no key for RS256"):
        key_set(document(RSA, alg="PS256"), "RS256")


@pytest.mark.parametrize(
    "secret",
    [
        OctKey.generate_key(256).as_dict(),
        {**OctKey.generate_key(256).as_dict(), "alg": "RS256", "kid": "rsa"},
        RSA.as_dict(private=True),
        ED.as_dict(private=True),
    ],
    ids=["symmetric", "symmetric in disguise", "private RSA", "private Ed25519"],
)
def test_a_set_with_a_secret_in_it_is_refused_as_a_whole(secret):
    mixed = json.loads(document(RSA, ED))
    mixed["keys"].append(secret)
    for algorithm in ("RS256", "EdDSA"):
        with pytest.raises(Misconfigured, match="secret key"):
            key_set(json.dumps(mixed).encode(), algorithm)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'{"keys": 7}',
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [7]}',
        b'{"keys": [{"n": "AQAB"}]}',
        b'{"keys": [{"kty": "RSA"}]}',
        b'{"keys": [{"kty": "RSA", "n": 1, "e": 1}]}',
        b'{"keys": [{"kty": "RSA", "n": "", "e": ""}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_set_of_keys_is_refused(text):
    with pytest.raises(Misconfigured, match="cannot be used"):
        key_set(text, "RS256")


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_short_rsa_key_is_refused():
    with pytest.raises(Misconfigured, match="1024 bits"):
        key_set(document(RSAKey.generate_key(1024)), "RS256")


class Issuer:
    """What is published, how often it was read, and a clock."""

    def __init__(self, *keys):
        self.keys, self.reads, self.now, self.is_down = keys, 0, 0.0, False

    def read(self):
        self.reads += 1
        if self.is_down:
            raise Unavailable("down")
        return document(*self.keys)

    def public_keys(self):
        return PublicKeys(self.read, "RS256", lambda: self.now)


def test_a_new_key_is_found_by_its_kid_and_an_old_one_is_forgotten():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    assert kids(keys.for_kid("rsa")) == ["rsa"]
    issuer.keys = (RSAKey.generate_key(2048, {"kid": "new"}),)
    issuer.now += UNKNOWN_SECONDS
    assert kids(keys.for_kid("rsa")) == ["rsa"]
    assert kids(keys.for_kid("new")) == ["new"]
    assert issuer.reads == 2


def test_a_flood_of_unknown_kids_reads_the_keys_once_in_a_few_seconds():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    for number in range(1000):
        keys.for_kid(f"made up {number}")
    assert issuer.reads == 1
    issuer.now += UNKNOWN_SECONDS
    keys.for_kid("made up")
    keys.for_kid("made up")
    assert issuer.reads == 2


def test_keys_are_read_again_as_they_get_old():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    keys.for_kid("rsa")
    issuer.now += READ_SECONDS - 1
    keys.for_kid("rsa")
    assert issuer.reads == 1
    issuer.now += 1
    keys.for_kid("rsa")
    assert issuer.reads == 2


def test_while_the_issuer_is_down_known_keys_count_for_an_hour_and_no_longer():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    keys.for_kid("rsa")
    issuer.is_down = True
    issuer.now += TRUSTED_SECONDS
    assert kids(keys.for_kid("rsa")) == ["rsa"]
    issuer.now += 1
    with pytest.raises(Unavailable, match="not known"):
        keys.for_kid("rsa")
    issuer.is_down = False
    issuer.now += UNKNOWN_SECONDS
    assert kids(keys.for_kid("rsa")) == ["rsa"]


def test_a_document_that_got_unusable_does_not_take_the_place_of_one_that_was_not():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    keys.for_kid("rsa")
    issuer.keys = (ED,)
    issuer.now += READ_SECONDS
    assert kids(keys.for_kid("rsa")) == ["rsa"]


def test_threads_that_find_no_keys_wait_for_one_reading():
    issuer = Issuer(RSA)
    keys = issuer.public_keys()
    found = []
    threads = [threading.Thread(target=lambda: found.append(kids(keys.for_kid("rsa")))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [["rsa"]] * 16
    assert issuer.reads == 1


def test_a_file_is_read_and_a_missing_one_is_named(tmp_path):
    path = tmp_path / "jwks.json"
    with pytest.raises(Unavailable, match="not known"):
        public_keys(str(path), "RS256").for_kid("rsa")
    path.write_bytes(document(RSA))
    assert kids(public_keys(str(path), "RS256").for_kid("rsa")) == ["rsa"]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """An https server whose certificate is trusted; set `answer` to status, headers and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.paths.append(self.path)
            status, headers, body = self.server.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.paths, server.answer = [], (200, {}, document(RSA))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_https_address_is_read_and_its_redirects_are_not_followed(server):
    address = f"https://localhost:{server.server_port}/keys"
    keys = public_keys(address, "RS256")
    token = jwt.encode({"alg": "RS256", "kid": "rsa"}, {"sub": "a"}, RSA)
    assert jwt.decode(token, keys.for_kid("rsa"), algorithms=["RS256"]).claims == {"sub": "a"}
    for answer in (
        (302, {"Location": f"https://localhost:{server.server_port}/elsewhere"}, b""),
        (404, {}, b"{}"),
        (500, {}, b""),
        (200, {}, b" " * (MOST_BYTES + 1)),
    ):
        server.answer = answer
        with pytest.raises(Unavailable):
            public_keys(address, "RS256").load()
    assert set(server.paths) == {"/keys"}


def test_an_https_address_whose_certificate_is_not_trusted_is_not_read(server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unavailable, match="did not answer"):
        public_keys(f"https://localhost:{server.server_port}/keys", "RS256").load()
