"""Two replicas behind a proxy, of which one is killed, hangs up or is replaced while clients ask."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections import Counter
from contextlib import contextmanager

import httpx2
import pytest

from qie_batch.local.ports import free_port
from tests.support.proxies import KINDS, SECONDS, running_proxy, start_upstream, until

CLIENTS = 16
DRAIN_SECONDS = 3.0


#: In `make test`: the default one.
USUAL = ["caddy", pytest.param("nginx", marks=pytest.mark.slow)]


@contextmanager
def replicas(kind, folder, drain_seconds=0.0):
    """A proxy, and the processes behind it."""
    folder.mkdir(exist_ok=True)
    ports = (free_port(), free_port())
    children = [start_upstream(port, folder, drain_seconds) for port in ports]
    try:
        with running_proxy(kind, folder / "proxy", ports) as proxy:
            yield proxy, children, ports
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()


async def under_load(proxy, harm, ask, clients=CLIENTS):
    """How often each outcome came while clients asked until some time after `harm` was done."""
    outcomes = Counter()
    is_over = asyncio.Event()

    async def client(number):
        async with httpx2.AsyncClient(base_url=proxy.url, verify=proxy.context, timeout=SECONDS) as each:
            count = 0
            while not is_over.is_set():
                count += 1
                try:
                    answer = await ask(each, f"{number}-{count}")
                    outcomes[answer.status_code] += 1
                except httpx2.TransportError as error:
                    outcomes[repr(error)] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(number))
        await asyncio.to_thread(until, lambda: sum(outcomes.values()) > 5 * clients, "answers")
        await harm()
        enough = sum(outcomes.values()) + 20 * clients
        await asyncio.to_thread(until, lambda: sum(outcomes.values()) > enough, "answers after the harm")
        is_over.set()
    return dict(outcomes)


async def get(client, _key):
    return await client.get("/slow?seconds=0.02")


async def post_with_key(client, key):
    body = json.dumps({"key": key, "rows": ["x" * 100] * 50})
    return await client.post("/slow?seconds=0.02", content=body, headers={"Idempotency-Key": key})


async def post(client, _key):
    return await client.post("/slow?seconds=0.02", content=b"{}")


def outcomes_of_a_kill(kind, folder, ask):
    with replicas(kind, folder) as (proxy, children, _):

        async def kill():
            os.kill(children[0].pid, signal.SIGKILL)

        return asyncio.run(under_load(proxy, kill, ask))


@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(get, id="GET", marks=pytest.mark.slow),
        pytest.param(post_with_key, id="POST with Idempotency-Key"),
    ],
)
def test_no_request_that_may_be_repeated_fails_when_a_replica_is_killed(kind, ask, tmp_path):
    assert set(outcomes_of_a_kill(kind, tmp_path, ask)) == {200}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_has_run_for_long_is_repeated_too(kind, tmp_path):
    with replicas(kind, tmp_path) as (proxy, children, _):

        async def story():
            async with httpx2.AsyncClient(
                base_url=proxy.url, verify=proxy.context, timeout=SECONDS
            ) as client:
                ask = (
                    client.post("/slow?seconds=8", content=b"{}", headers={"Idempotency-Key": str(number)})
                    for number in range(4)
                )
                running = asyncio.gather(*ask)
                await asyncio.sleep(6)
                os.kill(children[0].pid, signal.SIGKILL)
                return await running

        assert {answer.status_code for answer in asyncio.run(story())} == {200}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_post_without_a_key_is_never_sent_twice(kind, tmp_path):
    outcomes = outcomes_of_a_kill(kind, tmp_path, post)
    # Those that were running in the replica have an error, which the client sees; all others succeed.
    assert set(outcomes) <= {200, 502, 503}
    assert 0 < outcomes.get(502, 0) + outcomes.get(503, 0) <= CLIENTS


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_of_one_after_the_other_fails_no_request(kind, tmp_path):
    drain = DRAIN_SECONDS if kind == "caddy" else 0.0
    with replicas(kind, tmp_path, drain) as (proxy, children, ports):

        async def restart_all():
            for index, port in enumerate(ports):
                children[index].terminate()
                await asyncio.to_thread(children[index].process.wait)
                children[index] = await asyncio.to_thread(start_upstream, port, tmp_path, drain)
                await asyncio.to_thread(until, lambda i=index: asked(proxy) == children[i].pid, "sight of it")

        ask = post if kind == "caddy" else post_with_key
        outcomes = asyncio.run(under_load(proxy, restart_all, ask, clients=4))
        assert set(outcomes) == {200}


def test_a_running_request_outlives_the_signal_and_readiness_does_not(tmp_path):
    port = free_port()
    child = start_upstream(port, tmp_path, drain_seconds=1.0)
    base = f"http://127.0.0.1:{port}"

    async def story():
        async with httpx2.AsyncClient(base_url=base, timeout=SECONDS) as client:
            running = asyncio.create_task(client.post("/slow?seconds=3", content=b"{}"))
            await asyncio.sleep(0.3)
            child.terminate()
            seconds = time.monotonic()
            while (await client.get("/readyz")).status_code != 503:
                assert time.monotonic() - seconds < 1
            assert (await client.get("/healthz")).status_code == 200
            return await running

    assert asyncio.run(story()).status_code == 200
    assert child.process.wait(SECONDS) in {0, -signal.SIGTERM}


@pytest.mark.parametrize("kind", USUAL)
def test_an_event_stream_ends_with_the_word_to_connect_again(kind, tmp_path):
    with (
        replicas(kind, tmp_path, 1.0) as (proxy, children, _),
        proxy.client() as client,
        client.stream("GET", "/events") as answer,
    ):
        lines = answer.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        child = next(each for each in children if each.pid == json.loads(first[5:])["pid"])
        child.terminate()
        assert "retry: 1000" in list(lines)
        assert child.process.wait(SECONDS) in {0, -signal.SIGTERM}
        with client.stream("GET", "/events") as again:
            other = next(line for line in again.iter_lines() if line.startswith("data:"))
        assert json.loads(other[5:])["pid"] != child.pid


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_without_any_replica_the_answer_is_a_problem_that_says_when_to_ask_again(kind, tmp_path):
    with replicas(kind, tmp_path) as (proxy, children, _):
        for child in children:
            child.kill()
        with proxy.client() as client:
            answer = until(lambda: _failed(client), "answer without replicas")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["code"] == "gateway_unavailable"
    assert answer.json()["status"] == answer.status_code


def asked(proxy):
    """The pid of the replica that answers."""
    with proxy.client() as client:
        return client.get("/pid").json()


def _failed(client):
    answer = client.get("/healthz")
    return answer if answer.status_code >= 500 else None
