"""What the manifests promise: one GPU for each worker, drains, disruptions, and who goes first."""

import itertools
import json

import pytest

from qie_batch.kubernetes.pods import SELECTOR
from qie_batch.processes.supervisor import CLOSING_SECONDS
from qie_batch.settings import Settings
from tests.support.manifests.rendering import (
    OVERLAYS,
    called,
    named,
    of_kind,
    pods,
    render,
    selects,
)

COMPONENT = "app.kubernetes.io/component"
GPU = "nvidia.com/gpu"
ON_GPUS = [overlay for overlay in OVERLAYS if overlay != "local"]


def workers(overlay):
    return [pod for pod in pods(render(overlay)) if pod.labels.get(COMPONENT) == "worker"]


def variables(pod):
    """Of all containers."""
    return {each["name"]: each.get("value") for one in pod.containers for each in one.get("env", [])}


def devices(pod):
    return sum(int(one.get("resources", {}).get("limits", {}).get(GPU, 0)) for one in pod.containers)


@pytest.mark.parametrize("overlay", ON_GPUS)
def test_a_worker_has_one_gpu_and_may_run_where_gpus_are(overlay):
    for pod in workers(overlay):
        assert devices(pod) == 1
        assert {"key": GPU, "operator": "Exists", "effect": "NoSchedule"} in pod.spec["tolerations"]
    assert not any(devices(pod) for pod in pods(render(overlay)) if pod.labels.get(COMPONENT) != "worker")


@pytest.mark.parametrize("overlay", ON_GPUS)
def test_a_worker_waits_for_its_weights_and_for_its_engine(overlay):
    for pod in workers(overlay):
        assert pod.spec["initContainers"][0]["name"] == "weights"
        mounts = [
            mount for one in pod.containers for mount in one["volumeMounts"] if mount["name"] == "weights"
        ]
        assert mounts
        assert all(mount["readOnly"] for mount in mounts)
        started = next(one for one in pod.containers if one["name"] == "qie-batch")["startupProbe"]
        # A load from a slow volume takes many minutes.
        assert started["periodSeconds"] * started["failureThreshold"] >= 1800


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_workers_are_spread_over_zones(overlay):
    for pod in workers(overlay):
        assert "topology.kubernetes.io/zone" in json.dumps(pod.spec["topologySpreadConstraints"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_control_finds_every_worker_by_its_label(overlay):
    key, _, value = SELECTOR.partition("=")
    assert workers(overlay)
    assert all(pod.labels[key] == value for pod in workers(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_no_more_time_than_a_drain_needs_and_no_less(overlay):
    for pod in pods(render(overlay)):
        given = variables(pod)
        grace = float(given.get("QIE_GRACE_SECONDS") or Settings().grace_seconds)
        if pod.labels.get(COMPONENT) == "gateway":
            needed = float(given["QIE_GATEWAY_DRAIN_SECONDS"]) + grace
        elif pod.labels.get(COMPONENT) == "worker":
            # What is left after the grace is for closing connections, and items went back before that.
            needed = grace + (5 if overlay == "spot-gke" and "bulk" in pod.owner else CLOSING_SECONDS)
        else:
            continue
        assert needed <= pod.spec["terminationGracePeriodSeconds"] <= needed + 30, pod.owner


def test_a_gateway_serves_on_for_longer_than_a_proxy_needs_to_see_that_it_leaves():
    gateway = next(pod for pod in pods(render("keda")) if pod.owner == "Deployment/gateway")
    probe = gateway.containers[0]["readinessProbe"]
    assert float(variables(gateway)["QIE_GATEWAY_DRAIN_SECONDS"]) >= 2 * probe["periodSeconds"]


@pytest.mark.parametrize(("overlay", "notice"), [("spot", 120), ("spot-gke", 15)])
def test_a_worker_on_spot_machines_leaves_within_the_notice(overlay, notice):
    manifests = render(overlay)
    bulk, rest = (named(manifests, f"Deployment/{name}") for name in ("worker-bulk", "worker"))
    inner = bulk["spec"]["template"]["spec"]
    assert inner["terminationGracePeriodSeconds"] <= notice
    (bulk_pod,), (pod,) = pods([bulk]), pods([rest])
    assert variables(bulk_pod) | {"QIE_LANES": "bulk", "QIE_MARKET": "spot"} == variables(bulk_pod)
    assert variables(pod) | {"QIE_LANES": "interactive", "QIE_MARKET": "on_demand"} == variables(pod)
    assert "spot" in json.dumps(inner["nodeSelector"])
    assert "affinity" not in inner
    chosen = rest["spec"]["template"]["spec"]
    assert "on-demand" in chosen["nodeSelector"].values() or "DoesNotExist" in json.dumps(chosen["affinity"])
    # No eviction waits for another, as machines go all the same.
    assert named(manifests, "PodDisruptionBudget/worker-bulk")["spec"]["maxUnavailable"] == "100%"


def test_nodes_of_karpenter_wait_for_longer_than_any_pod():
    pools = of_kind(render("spot"), "NodePool")
    assert {pool["spec"]["template"]["spec"]["terminationGracePeriod"] for pool in pools} == {"30m"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_orphaned_processes_are_taken_up(overlay):
    for pod in pods(render(overlay)):
        if pod.labels.get("app.kubernetes.io/part-of") == "qie-batch":
            assert pod.spec["shareProcessNamespace"] is True, pod.owner


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_two_workloads_choose_the_same_pods(overlay):
    found = [each for each in render(overlay) if each["kind"] in {"Deployment", "StatefulSet"}]
    for one, other in itertools.permutations(found, 2):
        (pod,) = pods([other])
        assert not selects(one["spec"]["selector"], pod.labels), (called(one), called(other))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_replicated_process_has_one_budget_of_disruptions_by_what_may_be_missing(overlay):
    manifests = render(overlay)
    budgets = of_kind(manifests, "PodDisruptionBudget")
    assert all("minAvailable" not in budget["spec"] for budget in budgets)
    for pod in pods(manifests):
        if pod.labels.get(COMPONENT) in {"control", "gateway", "worker"}:
            assert sum(selects(budget["spec"]["selector"], pod.labels) for budget in budgets) == 1, pod.owner


def test_people_go_before_bulk_work():
    classes = {each["metadata"]["name"]: each for each in of_kind(render("spot"), "PriorityClass")}
    values = [classes[name]["value"] for name in ("qie-services", "qie-interactive", "qie-bulk")]
    assert values == sorted(values, reverse=True)
    assert classes["qie-bulk"]["preemptionPolicy"] == "Never"
    used = {pod.owner: pod.spec["priorityClassName"] for pod in pods(render("spot"))}
    assert used["Deployment/worker"] == "qie-interactive"
    assert used["Deployment/worker-bulk"] == "qie-bulk"
