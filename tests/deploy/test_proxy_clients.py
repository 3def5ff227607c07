"""Clients of every kind behind each proxy, while one of two gateways is killed."""

from __future__ import annotations

import base64

import pytest

from tests.support.openai_clients import opened
from tests.support.proxies import KINDS
from tests.support.replicas import CLIENTS, made, one_killed, running_replicas

ROUNDS = 2

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_fails_and_no_edit_is_made_twice_when_a_gateway_is_killed(kind, tmp_path):
    with running_replicas(kind, tmp_path) as replicas:
        outcomes = one_killed(replicas, ROUNDS)
        found = made(replicas.settings)
    assert outcomes.reasons == []
    assert len(outcomes.images) == len(outcomes.jobs) == CLIENTS * ROUNDS
    assert found.jobs == len(outcomes.jobs)
    assert (found.edits, found.attempts, found.images) == (CLIENTS * ROUNDS,) * 3
    for each in outcomes.images.values():
        assert opened(base64.b64decode(each)).size == (96, 64)
