"""Every expression of the dashboards is asked of a Prometheus that scrapes this stack: none is empty."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from PIL import Image
from prometheus_client import CollectorRegistry

from qie_batch.local.ports import free_port
from qie_batch.metrics import expose
from qie_batch.metrics.gpu import GpuCollector
from tests.support.catalogs import WHITE, broken_png, closed, csv, png
from tests.support.nvml import Nvml
from tests.support.prometheus import program, running_prometheus

ROOT = Path(__file__).parents[3]
BOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
#: What Grafana fills in: at least four scrapes.
INTERVAL = "20s"


def expressions(board):
    for panel in json.loads(board.read_text())["panels"]:
        for target in panel["targets"]:
            yield f"{board.stem}: {panel['title']}", target["expr"].replace("$__rate_interval", INTERVAL)


ALL = [pair for board in BOARDS for pair in expressions(board)]


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """The figures of a card as NVML gives them: this machine may have none."""
    registry = CollectorRegistry()
    registry.register(GpuCollector(Nvml()))
    address = f"127.0.0.1:{free_port()}"
    exporter = expose(registry, address)
    path = tmp_path_factory.mktemp("cards") / "targets.json"
    path.write_text(json.dumps([{"targets": [address], "labels": {"job": "qie-supervisor"}}]))
    yield path
    exporter.close()


@pytest.fixture(scope="module")
def prometheus(gateway, cards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    targets = gateway.settings.dir / "metrics" / "targets.json"
    with running_prometheus(folder, [targets, cards]) as prometheus:
        prometheus.until('count(up{job=~"qie-.*"} == 1) == 5')
        work(gateway)
        # Two scrapes after the work, so that each rate has two samples.
        # Control reads the ledger every ten seconds.
        prometheus.until("qie_waiting_work_seconds")
        prometheus.until('qie_failures_total{code="colour_not_found"}')
        prometheus.until('rate(qie_gateway_problems_total{code="job_unknown"}[20s]) >= 0')
        prometheus.until("count_over_time(qie_decoder_refusals_total[20s]) > 1")
        yield prometheus


def work(gateway):
    """A job with a good row, one that fails, one that changes nothing, and one whose picture is broken."""
    rows = csv(
        f"A,a.png,{WHITE}", "B,a.png,change the yellow shoe to red", f"C,c.png,{WHITE}", f"D,d.png,{WHITE}"
    )
    blank = Image.new("RGB", (64, 64), "white")
    files = [("catalog.csv", rows), ("a.png", png()), ("c.png", broken_png()), ("d.png", _png(blank))]
    with gateway.client("dashboards") as client:
        answer = client.post(
            "/api/jobs",
            files=[("f", each) for each in files],
            data={"skip_bad_rows": "true", "budget_usd": "5"},
        )
        assert answer.status_code == 201, answer.text
        closed(client, answer.json()["job"])
        assert client.get("/api/jobs/261127-nobody").status_code == 404


def _png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_no_expression_is_empty(prometheus):
    assert [pair for pair in ALL if not prometheus.query(pair[1])] == []


def test_promtool_takes_every_expression(tmp_path):
    rules = [{"record": "x", "expr": expression} for _, expression in ALL]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))
    done = subprocess.run(
        [program("promtool"), "check", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_metric_of_the_dashboards_is_documented():
    listed = set(re.findall(r"`(qie_\w+)", (ROOT / "docs" / "metrics.md").read_text()))
    asked = {name for _, expression in ALL for name in re.findall(r"\bqie_\w+", expression)}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} <= listed


def test_panels_do_not_overlap_and_have_units():
    for board in BOARDS:
        taken = set()
        for panel in json.loads(board.read_text())["panels"]:
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            assert not cells & taken
            assert place["x"] + place["w"] <= 24
            assert panel["fieldConfig"]["defaults"]["unit"]
            taken |= cells
