"""Each process of the stack serves what docs/metrics.md lists, where `metrics/targets.json` says."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from qie_batch.metrics.gpu import GpuCollector
from tests.support.catalogs import WHITE, closed, csv, png
from tests.support.nvml import Nvml

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
#: A row of its tables.
LISTED = r"^\| `(qie_\w+?)(?:_total|_info)?(?:\{[\w, ]*\})?` \|"
#: Labels that name no person, no job and no text.
LABELS = {
    *("engine", "preset", "phase", "lane", "outcome", "code", "class", "device", "market", "gate", "verdict"),
    *("operation", "reason", "state", "step", "dependency", "gpu", "kind", "method", "route", "status", "le"),
    *("version", "implementation", "major", "minor", "patchlevel", "job"),
}
#: Series of one process after a few requests; a leak of ids into labels makes thousands.
MOST_SERIES = 2000


@pytest.fixture(scope="module")
def pages(gateway):
    """What each process serves, by the label `job`, after a job with a good and a bad row."""
    rows = csv(f"A,a.png,{WHITE}", "B,a.png,change the yellow shoe to red")
    with gateway.client("metrics") as client:
        answer = client.post("/api/jobs", files=[("f", ("catalog.csv", rows)), ("f", ("a.png", png()))])
        closed(client, answer.json()["job"])
    return {job: scraped(target) for job, target in targets(gateway)}


def targets(gateway):
    for group in json.loads((gateway.settings.dir / "metrics" / "targets.json").read_text()):
        (target,) = group["targets"]
        yield group["labels"]["job"], target


def scraped(target):
    """The address answers soon after the process has started."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx2.get(f"http://{target}/metrics", timeout=10).raise_for_status().text
        except httpx2.TransportError:
            assert time.monotonic() < deadline, target
            time.sleep(0.1)


def ours(page):
    return [each for each in text_string_to_metric_families(page) if each.name.startswith("qie_")]


def test_each_process_says_what_it_is_for(pages):
    assert set(pages) == {"qie-supervisor", "qie-worker", "qie-control", "qie-gateway"}
    assert all("qie_build_info{" in page for page in pages.values())
    assert 'qie_worker_processes{state="running"} 1.0' in pages["qie-supervisor"]
    worker = pages["qie-worker"]
    assert 'qie_attempts_total{engine="classic",lane="bulk",outcome="succeeded",preset=""}' in worker
    assert 'qie_failures_total{code="colour_not_found",engine="classic"}' in worker
    assert 'qie_store_seconds_count{operation="put"}' in worker
    assert 'qie_ledger_seconds_count{operation="claim"}' in worker


def test_the_probes_of_worker_and_control_answer_that_all_is_well(gateway, pages):
    found = {job: target for job, target in targets(gateway) if job in pages}
    asked = [(found["qie-supervisor"], path) for path in ("/started", "/ready", "/live")]
    asked.append((found["qie-control"], "/live"))
    answers = [httpx2.get(f"http://{target}{path}", timeout=10) for target, path in asked]
    assert [(each.status_code, each.text) for each in answers] == [(200, "ok")] * 4


def test_every_metric_is_listed_and_every_listed_one_is_there(pages):
    registry = CollectorRegistry()
    registry.register(GpuCollector(Nvml()))
    served = {family.name for page in pages.values() for family in ours(page)}
    served |= {family.name for family in ours(generate_latest(registry).decode())}
    listed = re.findall(LISTED, DOCS.read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert {name.removesuffix("_info") for name in served} == set(listed)


def test_no_label_names_a_job_a_person_or_a_text(pages):
    for page in pages.values():
        families = list(text_string_to_metric_families(page))
        assert {label for each in families for sample in each.samples for label in sample.labels} <= LABELS
        assert sum(len(each.samples) for each in families) < MOST_SERIES


@pytest.mark.slow
def test_a_worker_that_is_killed_is_scraped_again_and_counts_from_zero(gateway, pages):
    """Each scrape meanwhile is a whole page or no connection, and the supervisor counts the restart."""
    ports = dict(targets(gateway))
    (pid,) = children(gateway.embedded.processes[0].pid)
    before = value(pages["qie-supervisor"], "qie_worker_restarts_total", reason="killed")
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    started = value(pages["qie-worker"], "process_start_time_seconds")
    while value(page := scraped(ports["qie-worker"]), "process_start_time_seconds") == started:
        assert time.monotonic() < deadline
    while value(page, "qie_worker_info") is None:
        assert time.monotonic() < deadline
        page = scraped(ports["qie-worker"])
    assert value(page, "qie_ledger_seconds_count", operation="claim") is None
    supervisor = scraped(ports["qie-supervisor"])
    assert value(supervisor, "qie_worker_restarts_total", reason="killed") == before + 1
    assert value(supervisor, "qie_worker_processes", state="running") == 1


def children(pid):
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


def value(page, name, **labels):
    samples = (each for family in text_string_to_metric_families(page) for each in family.samples)
    return next(
        (each.value for each in samples if each.name == name and labels.items() <= each.labels.items()), None
    )


def test_counters_end_in_total_and_seconds_are_seconds(pages):
    for page in pages.values():
        for family in ours(page):
            assert not re.search(r"milli|_ms\b|_mb\b|percent", family.name)
            assert family.documentation
