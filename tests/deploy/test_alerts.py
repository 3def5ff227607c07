"""Rules, routes and runbooks, by the checkers of Prometheus and Alertmanager."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.prometheus import program

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
GROUPS = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROMETHEUS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_the_rules():
    said(program("promtool"), "check", "config", "prometheus.yml")
    assert f"{len(RULES)} rules found" in said(program("promtool"), "check", "rules", "alerts.yml")


def test_each_alert_fires_when_it_should_and_not_before():
    said(program("promtool"), "test", "rules", "alerts_test.yml")
    tested = re.findall(r"alertname: (\w+)", (PROMETHEUS / "alerts_test.yml").read_text())
    assert {rule["alert"] for rule in RULES} == set(tested)


def test_alertmanager_takes_the_configuration():
    said(program("amtool"), "check-config", str(ALERTMANAGER))


@pytest.mark.parametrize(("severity", "receivers"), [("page", "dingtalk,wecom,slack"), ("ticket", "mail")])
def test_pages_wake_somebody_and_tickets_do_not(severity, receivers):
    route = said(
        program("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"severity={severity}"
    )
    assert route.strip() == receivers


def test_each_alert_leads_to_its_runbook():
    text = (ROOT / "docs" / "operations.md").read_text()
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
    for rule in RULES:
        base, anchor = rule["annotations"]["runbook_url"].split("#")
        assert base == "{{ $externalLabels.docs }}/operations.md"
        assert anchor in anchors, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_rules_ask_for_metrics_that_exist():
    """promtool takes any name, and an expression of an unknown one is silent for ever."""
    listed = re.findall(r"^\| `(qie_\w+)", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE)
    asked = {name for rule in RULES for name in re.findall(r"qie_\w+", rule["expr"])}
    assert asked <= set(listed)
