"""From a worker's counter to two chat groups and back: Prometheus, Alertmanager and the bridge, all real."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import httpx2
import pytest
import yaml

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from qie_batch.processes.contract import child_environment
from tests.support.catalogs import closed, csv, png
from tests.support.chat_groups import SECRET, ChatGroups
from tests.support.prometheus import running_alertmanager, running_prometheus

DEPLOY = Path(__file__).parents[3] / "deploy"
#: Rows that no engine can edit: more than the alert's ten.
FAILING = 14
SECONDS = 60


@pytest.fixture(scope="module")
def groups():
    with ChatGroups() as groups:
        yield groups


@pytest.fixture(scope="module")
def bridge(groups, gateway, tmp_path_factory):
    """`qie-batch alert-bridge`; HOST:PORT."""
    folder = tmp_path_factory.mktemp("bridge")
    address = f"127.0.0.1:{free_port()}"
    variables = {
        "QIE_ALERT_BRIDGE_ADDRESS": address,
        "QIE_DINGTALK_URL": groups.robot,
        "QIE_DINGTALK_SECRET": SECRET,
    }
    child = ChildProcess.start(
        "alert-bridge",
        [sys.executable, "-m", "qie_batch", "alert-bridge"],
        env=child_environment(gateway.settings.dir) | variables,
        log_path=folder / "bridge.log",
    )
    try:
        child.wait_until(lambda: answers(f"http://{address}/healthz"), SECONDS)
        yield address
    finally:
        child.stop()


@pytest.fixture(scope="module")
def prometheus(gateway, groups, bridge, tmp_path_factory):
    """With the rules and routes of deploy/, in seconds where they say minutes."""
    folder = tmp_path_factory.mktemp("prometheus")
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    (folder / "alerts.yml").write_text(re.sub(r"for: \w+", "for: 1s", rules).replace("[30m]", "[10s]"))
    config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    config["route"] |= {"group_wait": "1s", "group_interval": "2s"}
    receivers = {each["name"]: each for each in config["receivers"]}
    receivers["dingtalk"]["webhook_configs"][0]["url"] = f"http://{bridge}/dingtalk"
    receivers["wecom"]["wechat_configs"][0]["api_url"] = f"{groups.url}/cgi-bin/"
    receivers["slack"]["slack_configs"] = []
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    targets = gateway.settings.dir / "metrics" / "targets.json"
    with (
        running_alertmanager(folder / "am", folder / "alertmanager.yml") as alertmanager,
        running_prometheus(
            folder / "p", [targets], rules=[folder / "alerts.yml"], alertmanager=alertmanager
        ) as prometheus,
    ):
        yield prometheus


def test_failing_edits_reach_both_groups_and_are_resolved(gateway, prometheus, groups):
    prometheus.until('up{job="qie-worker"} == 1')
    with gateway.client("alerts") as client:
        # The increase of a counter begins with the first value that Prometheus has seen.
        for count, seen in ((1, 1), (FAILING, FAILING + 1)):
            rows = csv(*(f"{number},a.png,change the yellow shoe to red" for number in range(count)))
            answer = client.post("/api/jobs", files=[("f", ("catalog.csv", rows)), ("f", ("a.png", png()))])
            closed(client, answer.json()["job"])
            prometheus.until(f'qie_failures_total{{code="colour_not_found"}} >= {seen}')
    until(lambda: told(groups.dingtalk, "FIRING"), "DingTalk, firing")
    until(lambda: [text for text in groups.wecom if "ManyFailures" in text], "WeCom, firing")
    assert "of the edits fail" in told(groups.dingtalk, "FIRING")[0]["text"]
    assert "operations.md#alert-manyfailures" in told(groups.dingtalk, "FIRING")[0]["text"]
    # Nothing fails any more, so the window of the rule empties.
    until(lambda: told(groups.dingtalk, "RESOLVED"), "DingTalk, resolved")
    until(lambda: [text for text in groups.wecom if "esolved" in text], "WeCom, resolved")


def told(messages, state):
    return [
        each for each in messages if each["title"].startswith(f"[{state}") and "ManyFailures" in each["title"]
    ]


def until(found, what):
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline, f"no {what} within {SECONDS} s"
        time.sleep(0.1)


def answers(url):
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
