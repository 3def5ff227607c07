"""What pods may do, and whom they reach."""

from ipaddress import ip_address, ip_network

import pytest

from tests.support.manifests.rendering import (
    OVERLAYS,
    example_secrets,
    named,
    of_kind,
    pods,
    render,
    selects,
)

COMPONENT = "app.kubernetes.io/component"
METADATA_ADDRESS = ip_address("169.254.169.254")


def variables(pod):
    """Of all containers."""
    return {each["name"]: each.get("value") for one in pod.containers for each in one.get("env", [])}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_keeps_to_the_restricted_standard(overlay):
    labels = named(render(overlay), "Namespace/qie-batch")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
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
    # A pod that names no account gets the namespace's own, with a token.
    (with_token,) = (
        pod
        for pod in pods(manifests)
        if pod.spec.get("automountServiceAccountToken", "serviceAccountName" not in pod.spec)
    )
    assert with_token.owner == "Deployment/control"
    assert variables(with_token)["QIE_KUBERNETES"] == "true"
    rules = [rule for role in of_kind(manifests, "Role", "ClusterRole") for rule in role["rules"]]
    assert rules == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "patch"]}]


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


@pytest.mark.parametrize("overlay", [overlay for overlay in OVERLAYS if overlay != "local"])
def test_no_secret_is_written_down(overlay):
    assert of_kind(render(overlay), "Secret") == []
    settings = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]
    assert not [
        name for name in settings if any(word in name for word in ("SECRET", "PASSWORD", "KEY", "URL_"))
    ]


def test_keda_gets_an_address_that_its_driver_knows():
    secret = next(each for each in example_secrets() if each["metadata"]["name"] == "qie-keda")
    assert secret["stringData"]["connection"].startswith("postgresql://")
