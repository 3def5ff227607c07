"""Approved drafts are made for good over the gateway: by a program, and from the page of their job."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import httpx2
import pytest

from qie_batch import wiring
from qie_batch.keys import result_key
from qie_batch.processes.logins import login_address
from tests.support.catalogs import png
from tests.support.gateways import ALL, lone_settings, served, token
from tests.support.ledgers import WORKER, result_of, used

QWEN = replace(WORKER, engine="qwen")


@pytest.fixture
def settings(stack, tmp_path):
    return lone_settings(stack, tmp_path)


@pytest.fixture
def client(settings):
    with served(settings) as url:
        bearer = {"Authorization": f"Bearer {token(settings, scope=ALL)}"}
        with httpx2.Client(base_url=url, headers=bearer, timeout=30) as client:
            yield client


def made(ledger, store):
    """Finishes what is queued."""
    for message in ledger.dispatch.enqueue("qwen", 100, {}):
        attempt = ledger.attempts.claim(message.item_id, QWEN, 60.0)
        key, data = result_key(attempt.spec.cache_key), png("blue")
        store.put_new(key, data, "image/png")
        digest = hashlib.sha256(data).hexdigest()
        result = replace(result_of(attempt), object_key=key, size=len(data), sha256=digest)
        assert ledger.attempts.succeed(attempt, result, used(2.0))


def login(client, settings):
    """A browser of a person who may do everything, without scripts."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    person = httpx2.Client(base_url=client.base_url, headers=headers, timeout=30, follow_redirects=True)
    person.get(login_address(settings)).raise_for_status()
    return person


def test_a_program_finalises_what_was_approved_and_sees_what_that_saves(client, settings):
    ledger, store = wiring.ledger(settings), wiring.store(settings)
    image = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    rows = [{"id": f"sku-{n}", "image": image, "instruction": "make it warmer"} for n in range(2)]
    asked = {"rows": rows, "engine": "qwen", "preset": "balanced", "draft_first": True}
    job = client.post("/api/jobs", json=asked).raise_for_status().json()["job"]
    made(ledger, store)
    page = login(client, settings)
    assert "approved draft" not in page.get(f"/jobs/{job}").text
    early = client.post(f"/api/jobs/{job}/finalise")
    assert (early.status_code, early.json()["code"]) == (409, "nothing_to_finalise")
    decided = {"version": 1, "decision": "approved"}
    client.post(f"/api/jobs/{job}/items/{job}.1/reviews", json=decided).raise_for_status()
    text = page.get(f"/jobs/{job}").text
    assert "1 approved draft is made at preset balanced" in text
    answer = client.post(f"/api/jobs/{job}/finalise").raise_for_status().json()
    assert (answer["items"], answer["savings"]["approved"], answer["savings"]["waiting"]) == (1, 1, 1)
    final = client.get(f"/api/jobs/{answer['job']}").json()
    assert (final["preset"], final["total"]) == ("balanced", 1)
    decided = {"version": 1, "decision": "approved"}
    client.post(f"/api/jobs/{job}/items/{job}.0/reviews", json=decided).raise_for_status()
    form = re.search(r'name="form" value="([^"]+)"', text)[1]
    sent = page.post(f"/jobs/{job}/finalise", data={"form": form})
    assert (sent.status_code, "(final)" in sent.text) == (200, True)
    page.close()
    seen = client.get(f"/api/jobs/{job}/savings").json()
    assert seen["draft_seconds"] == 4.0
    ledger.dispose()
