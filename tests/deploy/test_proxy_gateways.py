"""Two gateways and Flower on one stack, behind each proxy."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections import Counter
from contextlib import ExitStack

import httpx2
import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.local.ports import free_port
from qie_batch.model import JobSelection
from qie_batch.settings import Settings
from tests.support.gateways import token
from tests.support.proxies import KINDS, SECONDS, running_proxy, until, wait_answers
from tests.support.replicas import start

UNKNOWN = "/api/jobs/261127-abcdef"
CLIENTS = 16


@pytest.fixture(scope="module")
def settings(stack):
    found = Settings(dir=stack.folder)
    schema.upgrade(wiring.database(found))
    return found


@pytest.fixture(scope="module", params=KINDS)
def running(request, settings, tmp_path_factory):
    """The proxy, and the processes behind it with their ports."""
    folder = tmp_path_factory.mktemp(request.param)
    ports = [free_port(), free_port()]
    flower_port = free_port()
    with ExitStack() as undo:
        flower = start(settings, "flower", flower_port, folder)
        undo.callback(flower.kill)
        gateways = [start(settings, "gateway", port, folder) for port in ports]
        for child, port in zip(gateways, ports, strict=True):
            undo.callback(lambda each=child: each.poll() is None and each.kill())
            wait_answers(child, port)
        proxy = undo.enter_context(running_proxy(request.param, folder / "proxy", tuple(ports), flower_port))
        yield proxy, gateways, ports


def bearer(settings):
    return {"Authorization": f"Bearer {token(settings)}"}


def test_a_problem_of_the_gateway_comes_through_as_it_is(running, settings):
    proxy, _, _ = running
    with proxy.client(http2=True) as client:
        closed = client.get(UNKNOWN)
        unknown = client.get(UNKNOWN, headers=bearer(settings))
    assert (closed.status_code, closed.json()["code"]) == (401, "unauthorized")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "job_unknown")
    assert unknown.json()["instance"] == unknown.headers["x-request-id"]


def test_the_figures_of_a_gateway_are_for_the_inside(running):
    proxy, _, ports = running
    assert proxy.status("/metrics") == proxy.status("/readyz") == 404
    for port in ports:
        assert httpx2.get(f"http://127.0.0.1:{port}/metrics").status_code == 200


def test_flower_is_behind_its_login_and_its_open_pages_are_closed(running, settings):
    proxy, _, _ = running
    password = settings.flower_password.get_secret_value()
    base = f"https://localhost:{proxy.flower_port}"
    with httpx2.Client(base_url=base, verify=proxy.context, timeout=SECONDS) as client:
        login = (settings.flower_user, password)
        page = until(lambda: shown(client.get("/workers", auth=login)), "Flower")
        assert "Flower" in page.text
        assert client.get("/workers").status_code == 401
    for path in ("/metrics", "/healthcheck", "/%68ealthcheck", "/./metrics", "//metrics", "/healthcheck/"):
        assert proxy.status(path, proxy.flower_port) in {401, 404}, path
    assert (
        proxy.status("/metrics", proxy.flower_port) == proxy.status("/healthcheck", proxy.flower_port) == 404
    )


def shown(answer):
    return answer if answer.status_code == 200 else None


@pytest.mark.slow
def test_a_job_with_a_key_is_entered_once_though_its_gateway_is_killed(running, settings, tmp_path):
    proxy, gateways, ports = running
    tenant = f"shop-{proxy.kind}"
    headers = {"Authorization": f"Bearer {token(settings, tenant)}"}
    upload = uploaded(proxy, headers)
    answers: dict[str, httpx2.Response] = {}

    async def client(number):
        async with httpx2.AsyncClient(
            base_url=proxy.url, verify=proxy.context, timeout=SECONDS, headers=headers
        ) as each:
            for name in (f"{number}-a", f"{number}-b"):
                answers[name] = await each.post(
                    "/api/jobs", json={"upload": upload, "name": name}, headers={"Idempotency-Key": name}
                )

    async def story():
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(client(number))
            await asyncio.to_thread(until, lambda: len(answers) > 3, "answers")
            os.kill(gateways[0].pid, signal.SIGKILL)

    asyncio.run(story())
    gateways[0].process.wait(SECONDS)
    gateways[0] = start(settings, "gateway", ports[0], tmp_path)
    wait_answers(gateways[0], ports[0])
    assert {answer.status_code for answer in answers.values()} <= {200, 201}
    ledger = wiring.ledger(settings)
    found = ledger.owned_by(tenant).jobs.latest(JobSelection(limit=100))
    ledger.dispose()
    assert {job.order.name: job.id for job in found} == {
        name: answer.json()["job"] for name, answer in answers.items()
    }
    assert len(found) == len(answers) == 2 * CLIENTS


def uploaded(proxy, headers):
    """The id of a catalog of one row with its image."""
    image = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(image, "PNG")
    catalog = b"id,image,instruction\nsku-1,shoe.png,make it brighter\n"
    files = [("files", ("catalog.csv", catalog)), ("files", ("shoe.png", image.getvalue()))]
    with proxy.client(headers=headers) as client:
        answer = client.post("/api/uploads", files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()["upload"]


@pytest.mark.slow
def test_a_gateway_that_is_killed_or_replaced_fails_no_request(running, settings, tmp_path):
    proxy, gateways, ports = running
    outcomes = Counter()
    is_over = asyncio.Event()

    async def client():
        async with httpx2.AsyncClient(
            base_url=proxy.url, verify=proxy.context, timeout=SECONDS, headers=bearer(settings)
        ) as each:
            while not is_over.is_set():
                outcomes[(await each.get(UNKNOWN)).status_code] += 1
                outcomes[(await each.get("/healthz")).status_code] += 1

    def more():
        enough = sum(outcomes.values()) + 160
        until(lambda: sum(outcomes.values()) > enough, "answers")

    def replace(index, number):
        os.kill(gateways[index].pid, number)
        gateways[index].process.wait(SECONDS)
        more()
        gateways[index] = start(settings, "gateway", ports[index], tmp_path)
        wait_answers(gateways[index], ports[index])
        more()

    async def story():
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(client())
            await asyncio.to_thread(more)
            await asyncio.to_thread(replace, 0, signal.SIGKILL)
            await asyncio.to_thread(replace, 1, signal.SIGTERM)
            is_over.set()

    asyncio.run(story())
    assert set(outcomes) == {200, 404}
