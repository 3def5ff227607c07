"""Hours of ordinary work in short: nothing that a process or a server holds may grow with the items."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING

import httpx2

from qie_batch.model import ItemState, JobState
from qie_batch.processes.launch import FLOWER_TASKS
from tests.chaos import growth
from tests.chaos.rig import wait_until
from tests.chaos.scenarios.verdict import START_SECONDS, agree, count
from tests.support.gateways import token, wait_ready
from tests.support.painters import IMAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.chaos.rig import Rig
    from tests.chaos.rigs import Rigs

Figures = dict[str, float | int]

#: Minutes of a run in `make chaos`, and in short; `make soak` sets the variable.
MINUTES, SHORT_MINUTES, VARIABLE = 5.0, 1.0, "QIE_SOAK_MINUTES"
#: The share of the time in which caches and pools fill, and the jobs that have to close in it.
WARM_UP, WARM_UP_JOBS = 0.25, 2
READ_SECONDS, ASK_SECONDS = 2.0, 1.0
#: Rows of a job, and how few of them wait when the next one is submitted.
ROWS, FEW = 150, 75
#: Items in flight in the one worker: two transfers beside the edit; and one interactive item.
IN_FLIGHT = 4
#: Compose's limit for Flower.
FLOWER_MB = 256


def soak(make_rig: Rigs, *, full: bool) -> Figures:
    """nothing but work: memory, descriptors, threads, connections and unacknowledged messages stay flat"""
    minutes = float(os.environ.get(VARIABLE, MINUTES if full else SHORT_MINUTES))
    with make_rig(seconds=0.1, environment={"QIE_GRACE_SECONDS": "5"}) as rig:
        for command in ("control", "worker", "gateway", "flower"):
            rig.start(command)
        url = f"http://127.0.0.1:{rig.settings.gateway_port}"
        wait_ready(url)
        bearer = {"Authorization": f"Bearer {token(rig.settings, exp=int(time.time()) + 86_400)}"}
        with httpx2.Client(base_url=url, headers=bearer, timeout=60) as client:
            jobs, readings = work(rig, client, 60 * minutes)
        figures = verdict(readings)
        for job in jobs:
            rig.wait_closed(job, 300)
            count(rig, job)
        agree(rig)
        return {"minutes": minutes, "items": len(jobs) * ROWS, **figures}


def work(
    rig: Rig, client: httpx2.Client, seconds: float
) -> tuple[list[str], list[Mapping[tuple[str, str], float]]]:
    """Keep the worker busy, and ask the gateway as clients do; the jobs, and the readings once warm."""
    jobs = [enter(rig, client)]
    wait_until(lambda: rig.succeeded(jobs[0]), START_SECONDS, lambda: rig.story(jobs[0]))
    began, readings, read_at, asked = time.monotonic(), [], 0.0, 0
    warm = False
    while (passed := time.monotonic() - began) < seconds:
        if rig.progress(jobs[-1]).counts[ItemState.PENDING] < FEW:
            jobs.append(enter(rig, client))
        ask(client, asked := asked + 1)
        warm = warm or (passed > WARM_UP * seconds and closed(rig, jobs) >= WARM_UP_JOBS)
        if warm and passed - read_at > READ_SECONDS:
            readings.append(growth.take(rig))
            read_at = passed
        time.sleep(ASK_SECONDS)
    return jobs, readings


def closed(rig: Rig, jobs: Sequence[str]) -> int:
    return sum(rig.progress(job).job.state is JobState.CLOSED for job in jobs)


def enter(rig: Rig, client: httpx2.Client) -> str:
    """The id of a new job."""
    folder = rig.catalog(ROWS).parent
    files = [("file", (path.name, path.read_bytes())) for path in folder.iterdir()]
    shutil.rmtree(folder)
    answer = client.post("/api/jobs", files=files)
    assert answer.is_success, answer.text
    return str(answer.json()["job"])


def ask(client: httpx2.Client, number: int) -> None:
    """What a browser and a program ask for, and now and then an edit for which its client waits."""
    for path in ("/api/jobs", "/readyz", "/metrics"):
        client.get(path).raise_for_status()
    if number % 5 == 0:
        with contextlib.suppress(httpx2.TransportError):
            fields, files = {"prompt": f"asked {number}"}, {"image": ("a.png", IMAGE)}
            client.post("/v1/images/edits", data=fields, files=files).raise_for_status()


def verdict(readings: Sequence[Mapping[tuple[str, str], float]]) -> Figures:
    """AssertionError for what grows. Flower keeps FLOWER_TASKS edits and may grow until it has them."""
    found = [each for each in growth.series(readings) if each.unit != "unacked"]
    unacked = max(reading["broker", "unacked"] for reading in readings)
    flower = max(reading["flower", "MB"] for reading in readings)
    print(growth.table(found), f"most unacked {unacked:.0f}, most MB of Flower {flower:.0f}", sep="\n")  # noqa: T201
    assert unacked <= IN_FLIGHT, f"{unacked} messages were taken at once and not acknowledged"
    assert flower < FLOWER_MB, f"Flower holds {flower:.0f} MB with {FLOWER_TASKS} tasks at most"
    grows = [each for each in found if each.grows and (each.name, each.unit) != ("flower", "MB")]
    assert not grows, growth.table(grows)
    processes = [each for each in found if each.unit == "MB" and each.name not in ("broker", "flower")]
    return {
        "most growth of a process MB": round(max(each.growth for each in processes), 1),
        **{f"growth of {unit}": _most(found, unit) for unit in ("descriptors", "threads", "connections")},
        "most unacked": unacked,
        "most MB of Flower": round(flower),
    }


def _most(found: Sequence[growth.Series], unit: str) -> float:
    return max(each.growth for each in found if each.unit == unit)


SCENARIOS = (soak,)
