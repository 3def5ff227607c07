"""Edits that no worker takes, as the stack has none for their engine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from starlette.testclient import TestClient

from qie_batch import wiring
from qie_batch.gateway.app import create_app
from qie_batch.model import ItemState
from tests.support.gateways import token
from tests.support.openai_clients import jobs_of, openai_client, picture

ASKED = {"prompt": "make it blue", "model": "qwen", "image": picture()}


def states(gateway, tenant):
    ledger = wiring.ledger(gateway.settings)
    try:
        jobs = ledger.owned_by(tenant).jobs
        return [item.state for job in jobs.latest() for item in jobs.items(job.id)]
    finally:
        ledger.dispose()


def wait_for(gateway, tenant, wanted):
    deadline = time.monotonic() + 10
    while states(gateway, tenant) != wanted:
        assert time.monotonic() < deadline, states(gateway, tenant)
        time.sleep(0.05)


def test_a_client_that_hangs_up_cancels_its_edit(gateway):
    with openai_client(gateway, "hasty", timeout=2) as client, pytest.raises(openai.APITimeoutError):
        client.images.edit(**ASKED)
    wait_for(gateway, "hasty", [ItemState.CANCELLED])


def test_an_edit_goes_on_while_another_client_waits_for_it(gateway):
    with openai_client(gateway, "pair", timeout=3) as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.images.edit, **ASKED)
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=1).images.edit(**ASKED)
        assert states(gateway, "pair") == [ItemState.QUEUED]
        with pytest.raises(openai.APITimeoutError):
            waiting.result()
    wait_for(gateway, "pair", [ItemState.CANCELLED])


def test_after_the_deadline_the_edit_goes_on_and_the_client_is_told(gateway):
    settings = gateway.settings.model_copy(update={"gateway_edit_seconds": 0.2})
    headers = {"Authorization": f"Bearer {token(settings, 'late')}"}
    with TestClient(create_app(settings)) as client:
        answers = [
            client.post(
                "/v1/images/edits",
                headers=headers,
                data={"prompt": "make it blue", "model": "qwen"},
                files={"image": picture()},
            )
            for _ in range(2)
        ]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json()["error"]["code"] == "edit_pending"
    assert int(answers[0].headers["retry-after"]) > 0
    assert states(gateway, "late") == [ItemState.QUEUED]
    assert len(jobs_of(gateway, "late")) == 1
