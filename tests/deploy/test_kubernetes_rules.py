"""What the manifests promise: rights, drains, disruptions, networks, and one GPU for each worker."""

import itertools
import json
from ipaddress import ip_address, ip_network

import pytest

from qie_batch.kubernetes.pods import SELECTOR
from qie_batch.processes.supervisor import CLOSING_SECONDS
from qie_batch.settings import Settings
from tests.support.manifests.rendering import (
    OVERLAYS,
    called,
    example_secrets,
    named,
    of_kind,
    pods,
    render,
    selects,
)

COMPONENT = "app.kubernetes.io/component"
GPU = "nvidia.com/gpu"
ON_GPUS = [overlay for overlay in OVERLAYS if overlay != "local"]
METADATA_ADDRESS = ip_address("169.254.169.254")


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
    assert variables(pod) | {"QIE_LANES": "all", "QIE_MARKET": "on_demand"} == variables(pod)
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
def test_every_pod_keeps_to_the_restricted_standard(overlay):
    assert (
        named(render(overlay), "Namespace/qie-batch")["metadata"]["labels"]
        | {"pod-security.kubernetes.io/enforce": "restricted"}
        == named(render(overlay), "Namespace/qie-batch")["metadata"]["labels"]
    )
    for pod in pods(render(overlay)):
        assert pod.spec["securityContext"]["runAsNonRoot"] is True, pod.owner
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod.spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        assert all(
            volume.keys() <= {"name", "emptyDir", "persistentVolumeClaim"} for volume in pod.spec["volumes"]
        )
        for one in pod.containers:
            context = one["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert not any("hostPort" in port for port in one.get("ports", []))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_has_a_limit_of_memory_and_says_how_it_ended(overlay):
    for pod in pods(render(overlay)):
        for one in pod.containers:
            assert {"memory"} <= one["resources"]["limits"].keys()
            assert {"cpu", "memory"} <= one["resources"]["requests"].keys()
            if one["image"].startswith("qie-batch-"):
                assert one["terminationMessagePolicy"] == "FallbackToLogsOnError", pod.owner


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_control_alone_speaks_to_the_api_server_and_may_touch_pods_alone(overlay):
    manifests = render(overlay)
    for account in of_kind(manifests, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    with_token = {
        pod.owner
        for pod in pods(manifests)
        if pod.spec.get("automountServiceAccountToken", "serviceAccountName" not in pod.spec)
        and pod.spec.get("automountServiceAccountToken") is not False
    }
    assert with_token == {"Deployment/control"}
    assert variables(next(pod for pod in pods(manifests) if pod.owner == "Deployment/control"))[
        "QIE_KUBERNETES"
    ]
    rules = [rule for role in of_kind(manifests, "Role", "ClusterRole") for rule in role["rules"]]
    assert rules == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "patch"]}]


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


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_goes_in_or_out_but_what_a_policy_lists(overlay):
    policies = of_kind(render(overlay), "NetworkPolicy")
    denied = next(each for each in policies if each["metadata"]["name"] == "default-deny")["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for pod in pods(render(overlay)):
        into = [
            each
            for each in policies
            if "ingress" in each["spec"] and selects(each["spec"]["podSelector"], pod.labels)
        ]
        assert bool(into) == (pod.labels[COMPONENT] not in {"flower", "migrate"}), pod.owner
    blocks = [
        peer["ipBlock"]
        for each in policies
        for rule in each["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    for block in blocks:
        if METADATA_ADDRESS in ip_network(block["cidr"]):
            assert any(METADATA_ADDRESS in ip_network(each) for each in block["except"])


@pytest.mark.parametrize(
    ("component", "ports"),
    [
        ("control", {53, 443, 5432, 6379, 6443}),
        ("gateway", {53, 443, 5432, 6379}),
        ("worker", {53, 443, 5432, 6379}),
        ("migrate", {53, 5432, 6379}),
        ("flower", {53, 5432, 6379}),
    ],
)
def test_a_process_reaches_what_it_needs_and_nothing_else(component, ports):
    manifests = render("keda")
    labels = next(pod.labels for pod in pods(manifests) if pod.labels[COMPONENT] == component)
    reached = {
        port["port"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if selects(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get("egress", [])
        for port in rule["ports"]
    }
    assert reached == ports


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_flower_is_on_its_loopback_alone(overlay):
    flower = next(pod for pod in pods(render(overlay)) if pod.labels[COMPONENT] == "flower")
    assert variables(flower)["QIE_FLOWER_ADDRESS"] == "127.0.0.1"
    assert not any(
        selects({"matchLabels": service["spec"]["selector"]}, flower.labels)
        for service in of_kind(render(overlay), "Service")
    )


@pytest.mark.parametrize("overlay", ON_GPUS)
def test_no_secret_is_written_down(overlay):
    assert of_kind(render(overlay), "Secret") == []
    settings = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]
    assert not [
        name for name in settings if any(word in name for word in ("SECRET", "PASSWORD", "KEY", "URL_"))
    ]


def test_keda_gets_an_address_that_its_driver_knows():
    secret = next(each for each in example_secrets() if each["metadata"]["name"] == "qie-keda")
    assert secret["stringData"]["connection"].startswith("postgresql://")
