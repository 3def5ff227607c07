"""The overlay `hpa`: what its three triggers do to a fleet by the rules of Kubernetes."""

import math
import subprocess

import pytest
import yaml

from tests.support.manifests.rendering import KUBERNETES, named, render
from tests.support.prometheus import program

#: Of an H100: the weights at rest, and with what the allocator keeps after the largest edits.
TOTAL_GB, AT_REST_GB, RESERVED_GB = 80, 62, 70
TOLERANCE = 0.1


def recommended(replicas, mean, target):
    """Of a HorizontalPodAutoscaler, by a metric of its pods."""
    ratio = mean / target
    return replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * replicas)


def settled(mean, target, *, replicas, most=32):
    """Where a fleet at constant use comes to rest."""
    while True:
        found = min(max(recommended(replicas, mean, target), 2), most)
        if found == replicas:
            return found
        replicas = found


def test_the_autoscaler_has_the_three_triggers_of_gpu_wait_and_memory():
    spec = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]
    found = [
        (metric.get("pods") or metric.get("external"))["metric"]["name"].removeprefix("qie_")
        for metric in spec["metrics"]
    ]
    assert found == ["gpu_utilization_ratio", "oldest_waiting_seconds", "gpu_memory_beyond_weights_ratio"]
    assert spec["minReplicas"] == 2


def test_bulk_work_has_workers_that_the_autoscaler_does_not_see():
    manifests = render("hpa")
    target = named(manifests, "HorizontalPodAutoscaler/worker")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
    assert named(manifests, "Deployment/worker-bulk")["spec"]["replicas"] == 2


def test_a_long_wait_adds_few_workers_a_minute():
    behavior = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]["behavior"]
    (up,) = behavior["scaleUp"]["policies"]
    assert (up["type"], up["value"], up["periodSeconds"]) == ("Pods", 2, 60)
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300


@pytest.fixture
def adapted(tmp_path):
    """Asks promtool what a metric of the adapter is for one pod after two hours; the series are gigabytes."""
    adapter = yaml.safe_load((KUBERNETES / "overlays" / "hpa" / "adapter.yaml").read_text())
    rules = {rule["name"]["as"]: rule for rule in adapter["rules"]["custom"]}

    def adapted(name, series, value):
        expression = rules[name]["metricsQuery"].replace(
            "<<.Series>>", rules[name]["seriesQuery"].split("{")[0]
        )
        expression = expression.replace("<<.LabelMatchers>>", 'namespace="n",pod="p"')
        expression = expression.replace("<<.GroupBy>>", "pod")
        labels = '{namespace="n",pod="p",gpu="0"}'
        given = [{"series": f"{metric}{labels}", "values": values} for metric, values in series.items()]
        expected = {
            "expr": "made",
            "eval_time": "2h",
            "exp_samples": [{"labels": 'made{pod="p"}', "value": value}],
        }
        made = {"groups": [{"name": "made", "rules": [{"record": "made", "expr": expression}]}]}
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(made))
        test = {"interval": "1m", "input_series": given, "promql_expr_test": [expected]}
        path = tmp_path / "test.yml"
        path.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [test]}))
        run = subprocess.run(
            [program("promtool"), "test", "rules", path], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr

    return adapted


def test_the_adapter_makes_the_metrics_of_prometheus_that_the_autoscaler_asks_for(adapted):
    adapted("qie_gpu_utilization_ratio", {"qie_gpu_utilization_ratio": "0.5+0x150"}, 0.5)
    total = {"qie_gpu_memory_total_bytes": "80+0x150"}
    name = "qie_gpu_memory_beyond_weights_ratio"
    adapted(name, total | {"qie_gpu_memory_used_bytes": "62+0x150"}, 0)
    # Nine of the 18 that the weights leave, for some minutes.
    adapted(name, total | {"qie_gpu_memory_used_bytes": "62+0x114 71+0x30"}, 0.5)


def test_memory_of_resident_weights_drives_a_fleet_to_its_maximum_and_what_is_beyond_them_does_not():
    # The share of all memory, with the target of 70 %: up, whatever there is to do.
    assert settled(AT_REST_GB / TOTAL_GB, 0.7, replicas=2) == 32
    # With a target above what is at rest it holds more workers than anything needs.
    assert settled(AT_REST_GB / TOTAL_GB, 0.9, replicas=32) > 2
    # The share of what the weights leave free comes to rest at the minimum.
    metric = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]["metrics"][2]["pods"]
    target = float(metric["target"]["averageValue"].removesuffix("m")) / 1000
    beyond = (RESERVED_GB - AT_REST_GB) / (TOTAL_GB - AT_REST_GB)
    assert settled(beyond, target, replicas=32) == 2
    assert settled(0.0, target, replicas=32) == 2
    # And it acts where edits fill a card.
    assert recommended(4, 0.95, target) > 4
