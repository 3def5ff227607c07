"""Flower as `qie-batch flower` runs it, with the events of more edits than it keeps."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import yaml
from celery import Celery

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.processes.launch import FLOWER_TASKS, flower
from qie_batch.queues.celery import EDIT_TASK
from qie_batch.settings import Settings

COMPOSE = Path(__file__).resolve().parents[2] / "deploy" / "compose.yaml"
PATIENCE = 120


def compose_megabytes():
    """What Compose gives Flower."""
    limits = yaml.safe_load(COMPOSE.read_text())["services"]["flower"]["deploy"]["resources"]["limits"]
    return int(limits["memory"].removesuffix("m")) * 1.048576


def held_megabytes(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1000


@contextmanager
def running_flower(settings):
    launch = flower(settings)
    log = settings.dir / "flower.log"
    environment = {**launch.environment, "QIE_BROKER_URL": settings.broker_url.get_secret_value()}
    process = ChildProcess.start("flower", launch.argv, env=environment, log_path=log)
    url = f"http://127.0.0.1:{settings.flower_port}"
    try:
        process.wait_until(lambda: answers(url), PATIENCE)
        yield process, url
    finally:
        process.stop()


def answers(url):
    try:
        return httpx2.get(f"{url}/healthcheck").is_success
    except httpx2.TransportError:
        return False


def send_edits(broker_url, number):
    """The events of a worker process, as Celery's worker sends them."""
    app = Celery(broker=broker_url)
    with app.connection_for_write() as connection, app.events.Dispatcher(connection) as events:
        for item in range(number):
            task = {"uuid": str(uuid.uuid4())}
            name = {"name": EDIT_TASK, "args": f"('20261127-{item // 300:06}.{item % 300}',)", "kwargs": "{}"}
            events.send("task-received", **task, **name, retries=0, eta=None, expires=None)
            events.send("task-started", **task)
            events.send("task-succeeded", **task, result="None", runtime=0.1)
            if item % 1000 == 999:
                time.sleep(0.2)  # Redis drops a subscriber that lags
    app.close()


def tasks_seen(url):
    """The events of edits that Flower has counted."""
    page = httpx2.get(f"{url}/metrics").text
    found = re.findall(rf'flower_events_total{{task="{EDIT_TASK}",type="task-succeeded".*}} (\S+)', page)
    return sum(map(float, found))


@pytest.mark.slow
def test_flower_with_all_the_edits_that_it_keeps_fits_the_memory_that_compose_gives_it(broker_url, tmp_path):
    """By what some edits take; `make soak` sends more than it keeps."""
    settings = Settings(
        dir=tmp_path,
        broker_url=broker_url,
        flower_port=free_port(),
        flower_user="qie",
        flower_password="geheim",
    )
    with running_flower(settings) as (process, url):
        held = [(0, 0.0)]
        for edits in (500, 2000):
            send_edits(broker_url, edits)
            seen, _ = held[-1]
            # The first events may come before it listens.
            process.wait_until(lambda least=seen + 0.9 * edits: tasks_seen(url) >= least, PATIENCE)
            held.append((tasks_seen(url), held_megabytes(process.pid)))
    _, (few, before), (many, after) = held
    each = (after - before) / (many - few)
    full = before + each * (FLOWER_TASKS - few)
    assert full < 0.75 * compose_megabytes(), f"{1000 * each:.1f} kB an edit: {full:.0f} MB"
    assert full > 0.4 * compose_megabytes(), f"{1000 * each:.1f} kB an edit: {full:.0f} MB"
