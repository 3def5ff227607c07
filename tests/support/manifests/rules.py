"""Alerts for the Prometheus operator: `python -m tests.support.manifests.rules` writes them."""

from __future__ import annotations

import textwrap

from tests.support.manifests.rendering import CHECKOUT, KUBERNETES

RULES = KUBERNETES / "components" / "monitoring" / "rules.yaml"
_HEAD = """\
# The rules of deploy/prometheus/alerts.yml, below a head of the operator's. Written by
# `python -m tests.support.manifests.rules`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: qie-batch}
spec:
"""


def text() -> str:
    alerts = CHECKOUT / "deploy" / "prometheus" / "alerts.yml"
    return _HEAD + textwrap.indent(alerts.read_text(encoding="utf-8"), "  ")


if __name__ == "__main__":
    RULES.write_text(text(), encoding="utf-8")
