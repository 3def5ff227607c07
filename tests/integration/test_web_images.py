"""What a server on the web may answer, over real sockets: an image, or a row with its reason."""

from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate

import pytest
import trustme

from qie_batch.errors import Rejected
from qie_batch.web.fetch import ATTEMPTS, HEADERS
from qie_batch.web.politeness import FAILURES, PER_HOST
from tests.support.hostile_addresses import REFUSED_V4, REFUSED_V6, hostile_addresses
from tests.support.painters import IMAGE
from tests.support.web_servers import DEAD, PUBLIC, TIMEOUTS, Internet, WebServer, answer, fetcher

A = "http://cdn.shop.com/a.png"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def serving(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return WebServer(context)


@pytest.fixture
def server():
    server = WebServer()
    yield server
    server.close()


@pytest.fixture
def internet(server):
    internet = Internet(server)
    internet.names = {"cdn.shop.com": [[PUBLIC]], "www.shop.com": [["93.184.215.15"]]}
    return internet


@pytest.fixture
def web(internet):
    with fetcher(internet, plain_http=True) as web:
        yield web


def fetched(web, address=A, known=None):
    file = io.BytesIO()
    return web.fetch(address, file, known), file.getvalue()


def refusal(web, address=A):
    file = io.BytesIO()
    with pytest.raises(Rejected) as refused:
        web.fetch(address, file)
    assert refused.value.message.isprintable()
    return refused.value.code, refused.value.message


def drip(head, part=b"x", every=0.05):
    """An answer that never ends and is never silent for long."""
    pause = threading.Event()

    def sent(connection, _headers):
        with suppress(OSError):
            connection.sendall(head)
            while True:
                connection.sendall(part)
                pause.wait(every)

    return sent


# Addresses


def test_no_hostile_address_is_connected_to(web, internet, server):
    addresses = hostile_addresses()
    assert len(addresses) > 1500
    codes = {refusal(web, address)[0] for address in addresses}
    assert codes == {"image_address"}
    assert (internet.tried, server.connections, internet.asked) == ([], 0, {})


@pytest.mark.parametrize("others", [[], [PUBLIC], ["2606:4700::1111", PUBLIC]])
def test_a_name_with_any_address_that_is_not_public_is_not_connected_to(web, internet, others):
    for address in (*REFUSED_V4, *REFUSED_V6):
        internet.names["cdn.shop.com"] = [[*others, address]]
        code, message = refusal(web)
        assert code == "image_address"
        assert f"host 'cdn.shop.com' is at {address}, which is " in message
    assert internet.tried == []


def test_a_name_that_changes_its_answer_is_connected_to_where_it_was_checked(web, internet, server):
    internet.names["cdn.shop.com"] = [[PUBLIC], ["127.0.0.1"]]
    server.answers["/a.png"] = answer(IMAGE, connection="close")
    assert fetched(web)[1] == IMAGE
    assert (internet.asked["cdn.shop.com"], internet.tried) == (1, [(PUBLIC, 80)])
    assert refusal(web)[0] == "image_address"
    assert internet.tried == [(PUBLIC, 80)]


@pytest.mark.parametrize("target", ["https://127.0.0.1/", "http://169.254.169.254/", "http://[::1]:8333/x"])
@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_a_redirect_to_a_private_address_is_not_followed(web, internet, server, target, status):
    server.answers["/a.png"] = answer(status=status, location=target)
    assert refusal(web)[0] == "image_address"
    assert internet.tried == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "target",
    [
        *(
            "//127.0.0.1/",
            "http://2130706433/",
            "//[::ffff:127.0.0.1]/",
            "http:\\\\127.0.0.1/",
            "file:///etc/passwd",
        ),
        *(
            "ftp://www.shop.com/",
            "http://user@127.0.0.1/",
            "gopher://127.0.0.1:6379/_FLUSHALL",
            "http://",
            None,
        ),
        *(
            "http://localhost/",
            "http://www.shop.com:22/",
            "http://x" + "y" * 70_000,
            "data:image/png;base64,AA",
        ),
    ],
)
def test_a_redirect_is_checked_like_the_address_of_a_row(web, internet, server, target):
    server.answers["/a.png"] = answer(status="302 Found", location=target)
    assert refusal(web)[0] in ("image_address", "image_fetch_missing", "image_fetch_redirect")
    assert {address for address, _ in internet.tried} == {PUBLIC}


def test_a_redirect_to_a_host_that_is_not_listed_is_not_followed(internet, server):
    server.answers["/a.png"] = answer(status="302 Found", location="http://www.shop.com/a.png")
    with fetcher(internet, "cdn.shop.com", listed_only=True, plain_http=True) as web:
        code, message = refusal(web)
    assert (code, internet.tried) == ("image_address", [(PUBLIC, 80)])
    assert "'www.shop.com'" in message


def test_redirects_end_after_three(web, server):
    server.answers |= {f"/{n}": answer(status="302 Found", location=f"/{n + 1}") for n in range(3)}
    server.answers["/3"] = answer(IMAGE)
    assert fetched(web, "http://cdn.shop.com/0")[1] == IMAGE
    server.answers["/3"] = answer(status="302 Found", location="/0")
    assert refusal(web, "http://cdn.shop.com/0")[0] == "image_fetch_redirect"
    assert server.paths() == ["/0", "/1", "/2", "/3"] * 2


def test_a_listed_server_in_a_private_network_is_asked(internet, server):
    internet.names["images.internal"] = [["10.1.2.3"]]
    server.answers["/a.png"] = answer(IMAGE)
    with fetcher(internet, "images.internal:8080", listed_only=True, plain_http=True) as web:
        assert fetched(web, "http://images.internal:8080/a.png")[1] == IMAGE
    assert internet.tried == [("10.1.2.3", 8080)]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "127.0.0.1", "fd00:ec2::254", "::ffff:10.1.2.3", "100.64.0.1"]
)
def test_a_listed_name_leads_to_no_metadata_server_and_not_to_this_machine(internet, address):
    internet.names["images.internal"] = [["10.1.2.3", address]]
    with fetcher(internet, "images.internal", listed_only=True, plain_http=True) as web:
        assert refusal(web, "http://images.internal/a.png")[0] == "image_address"
    assert internet.tried == []


def test_no_proxy_of_the_environment_is_used(web, internet, server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers["/a.png"] = answer(IMAGE)
    assert fetched(web)[1] == IMAGE
    assert internet.tried == [(PUBLIC, 80)]


def test_nothing_of_this_machine_is_sent(web, server, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine cdn.shop.com login me password geheim\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers["/a.png"] = answer(IMAGE, set_cookie="id=1; path=/")
    for _ in range(2):
        fetched(web)
    for _, headers in server.requests:
        assert headers == HEADERS | {"host": "cdn.shop.com"}
    assert headers["user-agent"].startswith("qie-batch/")


# TLS


def test_the_certificate_is_that_of_the_name_while_the_connection_goes_to_the_address(authority, trusting):
    server = serving(authority, "cdn.shop.com")
    try:
        internet = Internet(server)
        internet.names = {"cdn.shop.com": [[DEAD, PUBLIC]], "www.shop.com": [[PUBLIC]]}
        server.answers["/a.png"] = answer(IMAGE)
        with fetcher(internet, context=trusting) as web:
            assert fetched(web, "https://cdn.shop.com/a.png")[1] == IMAGE
            assert server.requests[0][1]["host"] == "cdn.shop.com"
            assert internet.tried == [(DEAD, 443), (PUBLIC, 443)]
            code, message = refusal(web, "https://www.shop.com/a.png")
            assert (code, "Hostname mismatch" in message) == ("image_fetch_tls", True)
            server.answers["/a.png"] = answer(status="301 Moved", location="http://cdn.shop.com/a.png")
            assert "from https:// to http://" in refusal(web, "https://cdn.shop.com/a.png")[1]
        with fetcher(internet) as web:
            code, message = refusal(web, "https://cdn.shop.com/a.png")
            assert (code, "unable to get" in message) == ("image_fetch_tls", True)
        assert len(server.requests) == 2
    finally:
        server.close()


def test_a_server_without_tls_is_not_asked_in_clear(web, server):
    server.answers["/a.png"] = answer(IMAGE)
    assert refusal(web, "https://cdn.shop.com/a.png")[0] in ("image_fetch_tls", "image_fetch_failed")
    assert server.paths() == []


# Answers


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (answer(b"", "204 No Content"), "image_fetch_failed"),
        (answer(IMAGE, "206 Partial Content"), "image_fetch_failed"),
        (answer(b"", "304 Not Modified"), "image_fetch_failed"),
        (answer(b"no", "404 Not Found"), "image_fetch_missing"),
        (answer(b"no", "410 Gone"), "image_fetch_missing"),
        (answer(b"no", "403 Forbidden"), "image_fetch_denied"),
        (answer(b"<!doctype html><p>Hello", content_type="text/html; charset=utf-8"), "image_fetch_page"),
        (answer(gzip.compress(bytes(9_000_000)), content_encoding="gzip"), "image_fetch_encoding"),
        (answer(b"", content_length=1_000_001), "image_too_large"),
        (answer(bytes(1_000_001), content_length=None), "image_too_large"),
    ],
)
def test_an_answer_without_an_image_is_asked_for_once(web, server, sent, code):
    server.answers["/a.png"] = lambda connection, _: connection.sendall(sent)
    assert refusal(web)[0] == code
    assert server.paths() == ["/a.png"]


def test_an_image_that_its_server_calls_a_page_is_an_image(web, server):
    server.answers["/a.png"] = answer(IMAGE, content_type="text/html")
    assert fetched(web)[1] == IMAGE


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "image_fetch_failed"),
        (b"HTTP/1.1 200", "image_fetch_failed"),
        (b"\x16\x03\x01 no HTTP\r\n\r\n", "image_fetch_failed"),
        (answer(IMAGE, content_length=len(IMAGE) + 5), "image_fetch_failed"),
        (answer(IMAGE, content_length="-5"), "image_fetch_failed"),
        (answer(IMAGE, content_length="many"), "image_fetch_failed"),
        (answer(b"5\r\nabc", content_length=None, transfer_encoding="chunked"), "image_fetch_failed"),
        (answer(b"zz\r\n", content_length=None, transfer_encoding="chunked"), "image_fetch_failed"),
        (answer(IMAGE, x_long="y" * 300_000), "image_fetch_failed"),
        (answer(IMAGE, **{f"x_{n}": "y" * 1000 for n in range(300)}), "image_fetch_failed"),
        (answer(b"", "500 Internal Server Error"), "image_fetch_failed"),
        (answer(b"", "503 Service Unavailable", retry_after="0"), "image_fetch_busy"),
        (answer(b"", "429 Too Many Requests", retry_after="0"), "image_fetch_busy"),
    ],
)
def test_a_broken_answer_is_asked_for_three_times(web, server, sent, code):
    server.answers["/a.png"] = lambda connection, _: connection.sendall(sent)
    assert refusal(web)[0] == code
    assert server.paths() == ["/a.png"] * ATTEMPTS


def test_an_answer_that_comes_at_the_third_attempt_is_taken_whole(web, server):
    answers = [answer(b"half", content_length=99), answer(status="502 Bad Gateway"), answer(IMAGE)]
    server.answers["/a.png"] = lambda connection, _: connection.sendall(answers.pop(0))
    assert fetched(web)[1] == IMAGE


def test_a_connection_that_is_reset_is_a_row_with_its_reason(web, server):
    def reset(connection, _):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    server.answers["/a.png"] = reset
    assert refusal(web)[0] == "image_fetch_failed"


@pytest.mark.parametrize(
    "endless",
    [
        drip(answer(content_length=900_000)),
        drip(answer(content_length=None, transfer_encoding="chunked"), b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
        drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        drip(b"", b"x"),
        lambda connection, _: connection.recv(1),
    ],
    ids=["body", "chunks", "headers", "hints", "line", "silence"],
)
def test_an_answer_that_trickles_ends_with_the_time_of_an_image(web, server, endless):
    server.answers["/a.png"] = endless
    began = time.monotonic()
    assert refusal(web)[0] == "image_fetch_timeout"
    assert time.monotonic() - began < ATTEMPTS * TIMEOUTS.image + 1


def test_a_body_without_end_is_read_to_the_limit_only(web, server):
    sent = []

    def endless(connection, _):
        with suppress(OSError):
            connection.sendall(answer(content_length=None))
            while True:
                sent.append(connection.send(bytes(100_000)))

    server.answers["/a.png"] = endless
    assert refusal(web)[0] == "image_too_large"
    assert sum(sent) < 20_000_000  # what the buffers of the two sockets hold


def test_a_name_that_does_not_exist_is_a_row_with_its_reason(web, internet):
    code, message = refusal(web, "http://nowhere.shop.com/a.png")
    assert (code, "there is no server of the name 'nowhere.shop.com'" in message) == (
        "image_fetch_host",
        True,
    )
    assert internet.asked["nowhere.shop.com"] == 1


# Politeness


@pytest.mark.parametrize("wanted", ["1", lambda: formatdate(time.time() + 1.5, usegmt=True)])
def test_a_busy_server_is_left_alone_for_as_long_as_it_says(web, server, wanted):
    after = wanted if isinstance(wanted, str) else wanted()
    answers = [answer(status="429 Too Many Requests", retry_after=after), answer(IMAGE)]
    times = []

    def served(connection, _):
        times.append(time.monotonic())
        connection.sendall(answers.pop(0))
        return True

    server.answers["/a.png"] = served
    assert fetched(web)[1] == IMAGE
    assert 0.4 < times[1] - times[0] < 5


def test_a_host_is_asked_for_few_images_at_a_time(web, server):
    together = threading.Barrier(PER_HOST, timeout=5)

    def served(connection, _):
        together.wait()
        connection.sendall(answer(IMAGE))
        return True

    addresses = [f"http://cdn.shop.com/{n}.png" for n in range(PER_HOST * 3)]
    server.answers |= {f"/{n}.png": served for n in range(PER_HOST * 3)}
    with ThreadPoolExecutor(len(addresses)) as pool:
        assert {data for _, data in pool.map(lambda address: fetched(web, address), addresses)} == {IMAGE}
    assert server.busiest == PER_HOST
    assert server.connections <= PER_HOST


def test_a_host_that_never_answers_is_given_up_and_others_are_not(web, internet, server):
    internet.names["www.shop.com"] = [[DEAD]]
    addresses = [f"http://www.shop.com/{n}.png" for n in range(20)]
    assert {refusal(web, address)[0] for address in addresses} == {"image_fetch_failed"}
    assert len(internet.tried) == FAILURES
    server.answers["/a.png"] = answer(IMAGE)
    assert fetched(web)[1] == IMAGE


# Conditional requests


def test_an_image_that_has_not_changed_is_not_sent_again(web, server):
    tags = ['"1"']

    def served(connection, headers):
        same = headers.get("if-none-match") == tags[-1]
        connection.sendall(answer(status="304 Not Modified") if same else answer(IMAGE, etag=tags[-1]))
        return True

    server.answers["/a.png"] = served
    known, _ = fetched(web)
    assert (known.etag, known.last_modified) == ('"1"', "")
    assert fetched(web, known=known) == (None, b"")
    tags.append('W/"2"')
    new, data = fetched(web, known=known)
    assert (new.etag, data) == ('W/"2"', IMAGE)


def test_the_validators_of_one_address_are_not_sent_to_another(web, server):
    server.answers["/a.png"] = answer(status="302 Found", location="/1.png")
    server.answers["/1.png"] = answer(IMAGE, etag='"1"', last_modified="Thu, 26 Nov 2026 00:00:00 GMT")
    server.answers["/2.png"] = answer(IMAGE, etag='"1"')
    known, _ = fetched(web)
    server.requests.clear()
    fetched(web, known=known)
    server.answers["/a.png"] = answer(status="302 Found", location="/2.png")
    fetched(web, known=known)
    asked = [
        (path, "if-none-match" in headers, "if-modified-since" in headers)
        for path, headers in server.requests
    ]
    assert asked == [
        ("/a.png", False, False),
        ("/1.png", True, True),
        ("/a.png", False, False),
        ("/2.png", False, False),
    ]
