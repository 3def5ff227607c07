"""Schemas, and thirteen faults that no schema shows: our manifests have none, and a planted one is found."""

import kubernetes_validate
import pytest

from tests.support.manifests import rules
from tests.support.manifests.faults import RULES, faults
from tests.support.manifests.rendering import KUBERNETES, OVERLAYS, example_secrets, named, render
from tests.support.manifests.schemas import KUBERNETES_VERSION, is_custom, schema_errors


def container(manifest):
    return manifest["spec"]["template"]["spec"]["containers"][0]


def set_labels(worker):
    worker["spec"]["template"]["metadata"]["labels"] = {"app": "another"}


def set_port_name(worker):
    container(worker)["ports"][1]["name"] = "metrics-port-that-is-long"


def set_probe_port(worker):
    container(worker)["startupProbe"]["httpGet"]["port"] = "nope"


def set_device_request(worker):
    container(worker)["resources"]["requests"]["nvidia.com/gpu"] = "2"


def set_device_fraction(worker):
    for which in ("requests", "limits"):
        container(worker)["resources"][which]["nvidia.com/gpu"] = "500m"


def set_mount(worker):
    container(worker)["volumeMounts"] = [{"name": "nope", "mountPath": "/x"}]


def set_success_threshold(worker):
    container(worker)["livenessProbe"]["successThreshold"] = 2


def set_name(worker):
    worker["metadata"]["name"] = "Upper_Name"


def set_quantity(worker):
    container(worker)["resources"]["limits"]["memory"] = "96 GB"


def set_bounds(autoscaler):
    autoscaler["spec"].update(minReplicas=5, maxReplicas=2)


def set_target(autoscaler):
    autoscaler["spec"]["metrics"][1]["external"]["target"] = {"type": "Value", "averageValue": "5"}


def set_disruption(budget):
    budget["spec"]["minAvailable"] = 1


def set_ports(service):
    service["spec"]["ports"] = [{"port": 80}, {"port": 81}]


PLANTED = {
    "selector mismatch": ("Deployment/worker", set_labels),
    "long name of a port": ("Deployment/worker", set_port_name),
    "probe on no port": ("Deployment/worker", set_probe_port),
    "device request beside its limit": ("Deployment/worker", set_device_request),
    "part of a device": ("Deployment/worker", set_device_fraction),
    "mount without volume": ("Deployment/worker", set_mount),
    "success threshold": ("Deployment/worker", set_success_threshold),
    "name in capitals": ("Deployment/worker", set_name),
    "no quantity": ("Deployment/worker", set_quantity),
    "minimum over maximum": ("HorizontalPodAutoscaler/worker", set_bounds),
    "target of two types": ("HorizontalPodAutoscaler/worker", set_target),
    "two limits of a disruption": ("PodDisruptionBudget/worker", set_disruption),
    "ports without names": ("Service/gateway", set_ports),
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_follows_the_schemas_of_kubernetes(overlay):
    manifests = [manifest for manifest in render(overlay) if not is_custom(manifest)]
    assert manifests
    assert [error for manifest in manifests for error in schema_errors(manifest)] == []


@pytest.mark.parametrize("overlay", [overlay for overlay in OVERLAYS if overlay != "local"])
def test_custom_resources_follow_the_schemas_of_their_definitions(overlay):
    manifests = [manifest for manifest in render(overlay) if is_custom(manifest)]
    assert manifests
    assert [error for manifest in manifests for error in schema_errors(manifest)] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_has_no_fault(overlay):
    assert [fault for manifest in render(overlay) for fault in faults(manifest)] == []


def test_the_example_of_secrets_follows_its_schema():
    assert [error for secret in example_secrets() for error in schema_errors(secret)] == []


def test_thirteen_faults_are_planted():
    assert len(RULES) == 13
    assert PLANTED.keys() == RULES.keys()


@pytest.mark.parametrize("fault", RULES)
def test_a_planted_fault_is_found_by_its_rule_and_no_other(fault):
    name, plant = PLANTED[fault]
    manifest = named(render("hpa"), name)
    plant(manifest)
    # A second mistake that the same change makes is another rule's to find.
    assert [each for each in RULES if list(RULES[each](manifest))] == [fault]
    assert faults(manifest)[0].startswith(manifest["kind"])


@pytest.mark.parametrize("fault", RULES)
def test_the_schema_alone_sees_none_of_the_faults(fault):
    name, plant = PLANTED[fault]
    manifest = named(render("hpa"), name)
    plant(manifest)
    kubernetes_validate.validate(manifest, KUBERNETES_VERSION, strict=True)


def test_an_unknown_field_of_a_built_in_kind_is_an_error():
    worker = named(render("keda"), "Deployment/worker")
    worker["spec"]["replica"] = 2
    assert "replica" in schema_errors(worker)[0]


@pytest.mark.parametrize(
    ("overlay", "name", "change"),
    [
        ("keda", "ScaledObject/worker", {"minReplica": 2}),
        ("kserve", "InferenceService/qie-edits", {"replicas": 2}),
        ("keda", "PodMonitor/worker", {"endpoints": []}),
        ("keda", "PrometheusRule/qie-batch", {"rules": []}),
        ("spot", "NodePool/qie-spot", {"taints": []}),
        ("spot", "EC2NodeClass/qie-gpu", {"instanceProfiles": "x"}),
    ],
)
def test_an_unknown_field_of_a_custom_resource_is_an_error(overlay, name, change):
    manifest = named(render(overlay), name)
    manifest["spec"].update(change)
    assert any(next(iter(change)) in error for error in schema_errors(manifest))


def test_metadata_of_a_trigger_are_texts():
    scaled = named(render("keda"), "ScaledObject/worker")
    scaled["spec"]["triggers"][0]["metadata"]["targetQueryValue"] = 1
    assert "is not of type 'string'" in schema_errors(scaled)[0]


def test_a_resource_of_an_unknown_kind_is_an_error():
    manifest = {"apiVersion": "serving.kserve.io/v1", "kind": "InferenceService", "metadata": {"name": "x"}}
    assert "no schema of serving.kserve.io/v1" in schema_errors(manifest)[0]


def test_the_operator_gets_the_alerts_of_prometheus():
    assert rules.RULES.read_text(encoding="utf-8") == rules.text(), (
        "write them anew: python -m tests.support.manifests.rules"
    )
    assert KUBERNETES in rules.RULES.parents
