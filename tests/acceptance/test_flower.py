"""The live dashboard: behind a login, with names that people know, and with a memory."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from base64 import b64encode

import pytest


def answer(stack, path, *, login=True):
    """Status and body of one request to Flower."""
    config = stack.config
    request = urllib.request.Request(f"http://127.0.0.1:{config['flower_port']}{path}")
    if login:
        pair = f"{config['flower_user']}:{config['flower_password']}".encode()
        request.add_header("Authorization", f"Basic {b64encode(pair).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


@pytest.fixture(scope="module")
def job(spare, desk):
    """A finished job, and a Flower that answers."""
    folder = spare.home / "flower"
    desk.draw(folder / "shoe.png")
    catalog = desk.write(folder / "catalog.csv", [("SHOE-77", "shoe.png", "make it brighter")])
    desk.until(lambda: answer(spare, "/healthcheck")[0] == 200, 30, "Flower")
    return spare("submit", catalog, "--name", "summer sale", "--wait").last


def shown(stack, job, desk):
    """What Flower says of the one task of the job."""

    def finished():
        status, body = answer(stack, "/api/tasks")
        tasks = json.loads(body).values() if status == 200 else ()
        return [task for task in tasks if job in task["args"] and task["state"] == "SUCCESS"]

    return desk.until(finished, 30, f"Flower to show job {job} as done", pause=0.2)[0]


def test_flower_asks_for_a_login(job, spare):
    assert job
    for path in ("/", "/tasks", "/workers", "/api/tasks", "/api/workers"):
        assert answer(spare, path, login=False)[0] == 401, path
    assert answer(spare, "/workers")[0] == answer(spare, "/api/tasks")[0] == 200


def test_metrics_and_healthcheck_are_open_as_documented(job, spare):
    assert job
    assert answer(spare, "/healthcheck", login=False)[0] == 200
    status, metrics = answer(spare, "/metrics", login=False)
    assert status == 200
    assert "flower_" in metrics


def test_a_finished_task_shows_item_catalog_id_and_job_name(job, spare, desk):
    task = shown(spare, job, desk)
    assert task["name"] == "qie_batch.edit"
    assert task["args"] == f"({job}.0, SHOE-77, summer sale)"


@pytest.mark.slow
def test_the_history_survives_a_restart(job, spare, desk):
    before = shown(spare, job, desk)
    spare.stop()
    spare.start()
    desk.until(lambda: answer(spare, "/healthcheck")[0] == 200, 30, "Flower")
    after = shown(spare, job, desk)
    assert (after["uuid"], after["args"]) == (before["uuid"], before["args"])
    assert spare.json("status", job)["state"] == "closed"
