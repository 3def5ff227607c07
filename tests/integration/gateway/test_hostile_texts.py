"""Ids of another tenant inside bodies, and texts that would be a program on a page or a header."""

from __future__ import annotations

import base64
import json
import re
import time

import httpx2
import pytest

from qie_batch.gateway.access.cookies import sealed
from qie_batch.gateway.access.sessions import AUDIENCE
from tests.support.catalogs import WHITE, closed, csv, png

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def owner(gateway):
    with gateway.client("owner") as client:
        yield client


@pytest.fixture(scope="module")
def stranger(gateway):
    with gateway.client("stranger") as client:
        yield client


@pytest.fixture(scope="module")
def upload(owner):
    files = [("f", ("catalog.csv", csv(f"A,a.png,{WHITE}"))), ("f", ("a.png", png()))]
    return owner.post("/api/uploads", files=files).json()["upload"]


@pytest.fixture(scope="module")
def file(owner):
    sent = {"file": ("secret.png", png())}
    return owner.post("/v1/files", files=sent, data={"purpose": "vision"}).json()["id"]


@pytest.fixture
def browser(gateway):
    """A person of the tenant that owns the things, without a browser's protection."""
    claims = {"sub": "maria", "tenant": "owner", "scope": "jobs:read jobs:write", "form": "token"}
    text = sealed({"aud": AUDIENCE, "exp": int(time.time()) + 600, **claims}, gateway.settings)
    cookie = {f"qie-session-{gateway.settings.gateway_port}": text}
    with httpx2.Client(base_url=gateway.url, cookies=cookie, timeout=60) as client:
        yield client


def told(answer):
    """Status and code; no sentence names what belongs to the other."""
    assert "catalog.csv" not in answer.text
    assert "secret.png" not in answer.text
    body = answer.json()
    return answer.status_code, body.get("code") or body["error"]["code"]


def test_an_upload_of_another_is_not_there_in_a_field_of_either_body(stranger, upload):
    for body in ({"json": {"upload": upload}}, {"files": {"upload": (None, upload)}}):
        assert told(stranger.post("/api/jobs", **body)) == (404, "upload_unknown")
        assert told(stranger.post("/api/jobs?dry_run=true", **body)) == (404, "upload_unknown")


def test_no_row_reaches_an_upload_of_another(stranger, upload, gateway):
    bucket = gateway.settings.s3_bucket
    addresses = [
        f"../{upload}/a.png",
        f"../../t-owner/{upload}/a.png",
        f"s3://{bucket}/uploads/t-owner/{upload}/a.png",
        f"s3://{bucket}/uploads/t-stranger/../t-owner/{upload}/a.png",
        f"/uploads/t-owner/{upload}/a.png",
        "file:///etc/passwd",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
    ]
    rows = [{"id": str(n), "image": text, "instruction": WHITE} for n, text in enumerate(addresses)]
    refused = stranger.post("/api/jobs", json={"rows": rows})
    assert told(refused) == (422, "rows_invalid")
    assert len({error["line"] for error in refused.json()["errors"]}) == len(addresses)


def test_a_file_of_another_is_not_there_in_an_edit_nor_in_a_line_of_a_batch(stranger, file):
    edit = {"prompt": WHITE, "image": file}
    unknown = {**edit, "image": file[:-1] + ("a" if file[-1] != "a" else "b")}
    answers = [told(stranger.post("/v1/images/edits", json=body)) for body in (edit, unknown)]
    assert answers[0] == answers[1] == (404, "file_unknown")
    line = {"custom_id": "1", "method": "POST", "url": "/v1/images/edits", "body": edit}
    sent = {"file": ("lines.jsonl", json.dumps(line).encode())}
    lines = stranger.post("/v1/files", files=sent, data={"purpose": "batch"}).json()["id"]
    asked = {"input_file_id": lines, "endpoint": "/v1/images/edits", "completion_window": "24h"}
    batch = stranger.post("/v1/batches", json=asked).json()["id"]
    deadline = time.monotonic() + 60
    while (found := stranger.get(f"/v1/batches/{batch}").json())["status"] not in ("completed", "failed"):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert found["output_file_id"] is None
    if found["error_file_id"]:
        shown = stranger.get(f"/v1/files/{found['error_file_id']}/content").text
    else:
        shown = json.dumps(found["errors"])
    assert "file_unknown" in shown
    assert "secret.png" not in shown


def test_no_text_of_a_catalog_is_a_program_on_a_page_or_a_header(owner, browser):
    image = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    rows = [
        {"id": SCRIPT, "image": image, "instruction": WHITE},
        {"id": "a\r\nSet-Cookie: x=1", "image": image, "instruction": WHITE},
        {"id": "wrong", "image": SCRIPT, "instruction": SCRIPT},
    ]
    asked = {"name": SCRIPT, "rows": rows, "skip_bad_rows": True}
    job = owner.post("/api/jobs", json=asked).json()["job"]
    closed(owner, job)
    items = owner.get(f"/api/jobs/{job}/items").json()["items"]
    pages = [
        "/",
        f"/jobs/{job}",
        f"/jobs/{job}/review",
        "/costs",
        *(f"/jobs/{job}/items/{each['id']}" for each in items),
    ]
    for path in (*pages, f"/jobs?x={SCRIPT}", f"/login?next=/{SCRIPT}", f"/uploads/{SCRIPT}"):
        answer = browser.get(path)
        assert answer.status_code < 500
        assert not re.search("<script>|<img src=x", answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    for each in items:
        image = owner.get(f"/api/jobs/{job}/items/{each['id']}/image")
        assert "set-cookie" not in image.headers
        assert "<" not in image.headers.get("content-disposition", "")
    assert owner.get(f"/api/jobs/{job}/results.zip").headers["content-disposition"].count('"') == 2


def test_no_name_of_a_file_is_a_program_on_the_page_of_its_check(browser):
    files = [
        ("form", (None, "token")),
        ("files", ("<script>alert(1)</script>.csv", csv(f"A,<script>.png,{WHITE}"))),
        ("files", ("<img src=x>.csv", csv(f"A,a.png,{WHITE}"))),
    ]
    sent = browser.post("/uploads", files=files, headers={"Sec-Fetch-Site": "same-origin"})
    assert sent.status_code == 303, sent.text
    for more in (
        "",
        "?catalog=<img src=x>.csv",
        "?catalog=<script>",
        "?instruction=<script>&budget=<script>",
    ):
        page = browser.get(sent.headers["location"] + more)
        assert page.status_code < 500
        assert not re.search("<script>|<img src=x", page.text)
