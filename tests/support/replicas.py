"""Two gateways behind a proxy on one stack, of which one is killed while clients ask for everything."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import httpx2
import openai
from sqlalchemy import select

from qie_batch import wiring
from qie_batch.ledger.tables import attempts, jobs
from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.processes.contract import child_environment
from qie_batch.settings import Settings
from tests.support.gateways import token
from tests.support.ledgers import to_newest_schema
from tests.support.openai_clients import picture
from tests.support.proxies import SECONDS, running_proxy, until, wait_answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.proxies import Proxy

TENANT = "replicas"
CLIENTS = 16
CATALOG = b"id,image,instruction\nsku-1,shoe.png,make it brighter\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    proxy: Proxy
    settings: Settings
    gateways: tuple[ChildProcess, ...]


class Made(NamedTuple):
    """By the ledger."""

    jobs: int
    edits: int
    #: Attempts at the edits, and images that engines made for them.
    attempts: int
    images: int


@dataclass(slots=True, kw_only=True)
class Outcomes:
    #: By kind of request: GET, POST with Idempotency-Key, OpenAI.
    asked: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    #: Answers of the OpenAI client, by the id of what it asked for.
    images: dict[str, str] = field(default_factory=dict)
    #: Job by its name.
    jobs: dict[str, str] = field(default_factory=dict)

    def fail(self, kind: str, reason: str) -> None:
        self.failed[kind] += 1
        self.reasons.append(f"{kind}: {reason}")


def start(settings: Settings, name: str, port: int, folder: Path) -> ChildProcess:
    """`qie-batch NAME`, which listens at this port if it listens at any."""
    variables = {
        f"QIE_{name.upper()}_PORT": str(port),
        "QIE_TRUSTED_PROXIES": "127.0.0.1",
        "QIE_GATEWAY_DRAIN_SECONDS": "3",
    }
    return ChildProcess.start(
        name,
        [sys.executable, "-m", "qie_batch", name],
        env=child_environment(settings.dir) | (variables if port else {}),
        log_path=folder / f"{name}-{port}.log",
    )


@contextmanager
def running_replicas(kind: str, folder: Path) -> Iterator[Replicas]:
    """Stack, worker, control, two gateways, and a proxy of this kind."""
    with ExitStack() as undo:
        stack = undo.enter_context(Stack.start(folder / "stack", {"engine": "classic"}))
        settings = Settings(dir=stack.folder)
        to_newest_schema(wiring.database(settings))
        for name in ("worker", "control"):
            undo.callback(start(settings, name, 0, folder).stop)
        ports = (free_port(), free_port())
        gateways = tuple(start(settings, "gateway", port, folder) for port in ports)
        for child in gateways:
            undo.callback(lambda each=child: each.poll() is None and each.kill())
        for child, port in zip(gateways, ports, strict=True):
            wait_answers(child, port)
        proxy = undo.enter_context(running_proxy(kind, folder / "proxy", ports))
        yield Replicas(proxy=proxy, settings=settings, gateways=gateways)


def one_killed(replicas: Replicas, rounds: int) -> Outcomes:
    """What CLIENTS clients got in so many rounds each; a gateway is killed in the first half."""
    outcomes = Outcomes()
    key = token(replicas.settings, TENANT)
    headers = {"Authorization": f"Bearer {key}"}
    with replicas.proxy.client(headers=headers) as client:
        files = [("files", ("catalog.csv", CATALOG)), ("files", ("shoe.png", picture((3, 3, 3))))]
        answer = client.post("/api/uploads", files=files)
        assert answer.status_code == 201, answer.text
        upload = answer.json()["upload"]

    async def client_of(number: int) -> None:
        async with (
            httpx2.AsyncClient(
                base_url=replicas.proxy.url,
                verify=replicas.proxy.context,
                timeout=2 * SECONDS,
                headers=headers,
            ) as http,
            openai.AsyncOpenAI(
                base_url=f"{replicas.proxy.url}/v1",
                api_key=key,
                http_client=openai.DefaultAsyncHttpxClient(verify=replicas.proxy.context),
            ) as ai,
        ):
            for turn in range(rounds):
                await _get(http, outcomes)
                await _post(http, f"{number}-{turn}", upload, outcomes)
                await _edit(ai, number, turn, outcomes)

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CLIENTS):
                group.create_task(client_of(number))
            # Then requests of every kind are on their way.
            await asyncio.to_thread(until, lambda: len(outcomes.images) > 2, "images", 3 * SECONDS)
            os.kill(replicas.gateways[0].pid, signal.SIGKILL)

    asyncio.run(story())
    return outcomes


async def _get(http: httpx2.AsyncClient, outcomes: Outcomes) -> None:
    for _ in range(5):
        outcomes.asked["GET"] += 1
        try:
            answer = await http.get("/api/jobs?limit=1")
        except httpx2.HTTPError as error:
            outcomes.fail("GET", repr(error))
            continue
        if answer.status_code != 200:
            outcomes.fail("GET", answer.text)


async def _post(http: httpx2.AsyncClient, name: str, upload: str, outcomes: Outcomes) -> None:
    outcomes.asked["POST"] += 1
    try:
        answer = await http.post(
            "/api/jobs", json={"upload": upload, "name": name}, headers={"Idempotency-Key": name}
        )
    except httpx2.HTTPError as error:
        outcomes.fail("POST", repr(error))
        return
    if answer.status_code in (200, 201):
        outcomes.jobs[name] = answer.json()["job"]
    else:
        outcomes.fail("POST", answer.text)


async def _edit(ai: openai.AsyncOpenAI, number: int, turn: int, outcomes: Outcomes) -> None:
    """With the retries that the client has by itself, and another image each time."""
    outcomes.asked["OpenAI"] += 1
    try:
        answer = await ai.images.edit(
            image=picture((10 + number, 10 + turn, 90)), prompt="make it 20 % brighter"
        )
    except openai.OpenAIError as error:
        outcomes.fail("OpenAI", repr(error))
        return
    assert answer.data
    outcomes.images[f"{number}-{turn}"] = answer.data[0].b64_json or ""


def made(settings: Settings) -> Made:
    """Of the tenant: its jobs of catalogs, and its edits that clients waited for."""
    ledger = wiring.ledger(settings)
    try:
        with ledger._db.read() as connection:
            names = list(connection.scalars(select(jobs.c.name).where(jobs.c.owner == TENANT)))
            tries = connection.execute(
                select(attempts.c.images)
                .join(jobs, jobs.c.id == attempts.c.job_id)
                .where(jobs.c.owner == TENANT, jobs.c.name == "edit")
            ).all()
    finally:
        ledger.dispose()
    edits = names.count("edit")
    return Made(len(names) - edits, edits, len(tries), sum(each.images for each in tries))
