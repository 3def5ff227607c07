"""Bodies that are too large, cut off or lie about their length: each gets a problem document, in time."""

from __future__ import annotations

import socket
import time
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Form, Request, UploadFile

from qie_batch.gateway.access import JobsReader, JobsWriter  # noqa: TC001 - FastAPI reads the annotations
from qie_batch.gateway.bodies import FORM_LIMITS, SMALL_BYTES
from tests.support.gateways import lone_settings, served, token

router = APIRouter()


@router.post("/api/json")
def _json(body: dict[str, object], _subject: JobsWriter) -> int:
    return len(body)


@router.post("/api/streamed")
async def _streamed(request: Request, _subject: JobsWriter) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@router.post("/api/unread")
def _unread(_subject: JobsWriter) -> str:
    return "done"


@router.post("/api/form")
def _form(_subject: JobsWriter, file: UploadFile | None = None, text: Annotated[str, Form()] = "") -> int:
    return (file.size or 0 if file else 0) + len(text)


@router.post("/api/uploads")
def _upload(_subject: JobsWriter, file: UploadFile) -> int:
    return file.size or 0


@router.post("/v1/images/edits")
def _edit(_subject: JobsWriter, body: dict[str, object]) -> int:
    return len(body)


@router.post("/api/tight", max_body_size=1000)
def _tight(body: dict[str, object], _subject: JobsReader) -> int:
    return len(body)


PART = b"--b\r\nContent-Disposition: form-data; name=text\r\n\r\nx\r\n--b--"
CHUNK = b"x" * 100_000
SMALL_CHUNKS = SMALL_BYTES // len(CHUNK)


@pytest.fixture(scope="module")
def settings(stack, tmp_path_factory):
    limits = {"gateway_max_upload_bytes": 5_000_000, "gateway_max_edit_bytes": 2_000_000}
    return lone_settings(stack, tmp_path_factory.mktemp("bodies"), **limits)


@pytest.fixture(scope="module")
def client(settings):
    bearer = {"Authorization": f"Bearer {token(settings)}"}
    with served(settings, router) as url, httpx2.Client(base_url=url, headers=bearer, timeout=30) as client:
        yield client


def is_too_large(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["instance"] == answer.headers["x-request-id"]
    return (answer.status_code, problem["status"], problem["code"]) == (413, 413, "too_large")


def chunks(number):
    return (CHUNK for _ in range(number))


@pytest.mark.parametrize("path", ["/api/json", "/api/streamed", "/api/unread", "/api/form", "/api/nowhere"])
def test_a_body_over_the_cap_is_one_problem_by_its_length_or_by_what_arrives(client, path):
    if path != "/api/nowhere":
        assert is_too_large(client.post(path, content=CHUNK * (SMALL_CHUNKS + 1)))
    chunked = client.post(path, content=chunks(SMALL_CHUNKS + 1))
    assert chunked.status_code < 500
    if path in ("/api/json", "/api/streamed"):
        assert is_too_large(chunked)


def test_a_body_at_the_cap_is_taken(client):
    assert client.post("/api/streamed", content=chunks(SMALL_CHUNKS)).json() == SMALL_BYTES
    assert client.post("/api/streamed", content=CHUNK * SMALL_CHUNKS).json() == SMALL_BYTES


def test_a_form_over_the_cap_is_the_same_problem(client):
    large = {"file": ("a.zip", CHUNK * (SMALL_CHUNKS + 1))}
    assert is_too_large(client.post("/api/form", files=large))


@pytest.mark.parametrize(
    ("charset", "status"),
    [
        *(("utf-8", 200), ("UTF8", 200), ('"utf-8"', 200), ("us-ascii", 200)),
        *(("undefined", 415), ("raw_unicode_escape", 415), ("punycode", 415), ("idna", 415)),
        *(("utf-16", 415), ("none-such", 415), ("\xff", 415)),
    ],
)
def test_the_texts_of_a_form_are_utf_8(client, charset, status):
    form = b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n\\ud800\r\n--B--\r\n'
    for path in ("/api/form", "/jobs/one/cancel", "/login", "/v1/files"):
        kind = f"multipart/form-data; boundary=B; charset={charset}".encode("latin-1")
        answer = client.post(path, content=form, headers={"Content-Type": kind})
        assert answer.status_code < 500
        assert (answer.status_code == 415) == (status == 415)


def test_a_form_with_too_many_or_too_long_parts_is_the_same_problem(client):
    assert is_too_large(client.post("/api/form", data={"text": "x" * (FORM_LIMITS["max_part_size"] + 1)}))
    long = {"text": (None, "x" * (FORM_LIMITS["max_part_size"] + 1))}
    assert is_too_large(client.post("/api/form", files=long))
    fields = {f"field{number}": (None, "") for number in range(FORM_LIMITS["max_fields"] + 1)}
    assert is_too_large(client.post("/api/form", files=fields))
    files = [("file", (f"{number}.txt", b"")) for number in range(FORM_LIMITS["max_files"] + 1)]
    assert is_too_large(client.post("/api/form", files=files))


def test_a_listed_path_takes_more_for_files_and_less_for_json(client):
    assert client.post("/api/uploads", files={"file": ("a.zip", CHUNK * 40)}).json() == 4_000_000
    assert is_too_large(client.post("/api/uploads", files={"file": ("a.zip", CHUNK * 51)}))
    assert client.post("/v1/images/edits", json={"image": "x" * 1_500_000}).json() == 1
    refused = client.post("/v1/images/edits", json={"image": "x" * 2_500_000})
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


def test_a_route_may_lower_its_cap(client):
    assert client.post("/api/tight", json={"a": "x" * 500}).json() == 1
    assert is_too_large(client.post("/api/tight", json={"a": "x" * 1000}))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("authorization", ["", "Bearer qie_wrong", "Bearer a.b.c"])
def test_a_large_body_of_a_stranger_is_refused_before_it_is_sent(settings, authorization):
    head = (
        "POST /api/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\nExpect: 100-continue\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nAuthorization: {authorization}\r\n\r\n"
    )
    assert answer_to(settings, head.encode()).startswith(b"HTTP/1.1 401 ")


def answer_to(settings, request, *, then=b"", close=False):
    """What the server sends for these bytes, until it has answered and no more comes."""
    with socket.create_connection(("127.0.0.1", settings.gateway_port), timeout=10) as connection:
        connection.sendall(request + then)
        if close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            connection.settimeout(0.5 if answer else 10)
            try:
                received = connection.recv(65_536)
            except TimeoutError:
                break
            if not received:
                break
            answer += received
    return answer


def head(settings, path, *headers):
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Authorization: Bearer {token(settings)}", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 6",),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5 5",),
        ("Content-Length : 5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ],
    ids=", ".join,
)
def test_a_request_with_two_lengths_or_a_wrong_one_is_not_read_as_two_requests(settings, headers):
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = answer_to(settings, head(settings, "/api/streamed", *headers), then=smuggled)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")) or b" 200 " not in answer
    assert answer.count(b"HTTP/1.1 200") == 0


@pytest.mark.usefixtures("client")
def test_a_body_longer_than_it_says_is_not_the_beginning_of_a_request_that_counts(settings):
    answer = answer_to(settings, head(settings, "/api/streamed", "Content-Length: 3"), then=b"abcdef")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.usefixtures("client")
def test_a_length_beyond_the_cap_is_refused_without_waiting_for_the_body(settings):
    answer = answer_to(settings, head(settings, "/api/streamed", "Content-Length: 99999999999"))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"too_large"' in answer


@pytest.mark.parametrize("path", ["/api/json", "/api/streamed", "/api/form", "/api/uploads"])
def test_a_body_that_ends_too_early_harms_no_other_request(settings, client, path):
    kinds = {"/api/json": "application/json", "/api/streamed": "text/plain"}
    kind = kinds.get(path, "multipart/form-data; boundary=b")
    request = head(settings, path, "Content-Length: 1000", f"Content-Type: {kind}")
    answer_to(settings, request, then=b'--b\r\nContent-Disposition: form-data; name="file"', close=True)
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 100_000),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'{"a": 1e999999}'),
        ("application/json", b"9" * 10_000),
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"no boundary at all"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A: b\r\n" * 5000 + b"\r\n--b--"),
        (
            "multipart/form-data; boundary=b; charset=nonsense",
            b"--b\r\nContent-Disposition: form-data; name=text\r\n\r\nx\r\n--b--",
        ),
        ("\xff", b"x"),
    ],
)
@pytest.mark.parametrize("path", ["/api/json", "/api/form", "/api/uploads"])
def test_a_body_that_is_not_what_it_says_is_the_clients_fault(client, path, kind, body):
    answer = client.post(path, content=body, headers={"Content-Type": kind.encode("latin-1")})
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
