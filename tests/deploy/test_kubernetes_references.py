"""Every name in the manifests is of something that exists, in the manifests or in the code."""

import importlib.util
import json
import re
import tomllib

import click
import pytest
import yaml

from qie_batch.gateway import health
from qie_batch.processes.probes import ControlProbes, WorkerProbes
from qie_batch.settings import Settings
from qie_batch.settings.config_file import names_of
from tests.support.manifests.references import Cluster, dangling
from tests.support.manifests.rendering import (
    CHECKOUT,
    KUBERNETES,
    OVERLAYS,
    example_secrets,
    named,
    of_kind,
    pods,
    render,
)

COMPOSE = yaml.safe_load((CHECKOUT / "deploy" / "compose.yaml").read_text())["services"]
VERSION = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
TARGETS = re.findall(r"^FROM \S+ AS (\S+)$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
OWN = {f"qie-batch-{target}:{VERSION}" for target in TARGETS if target != "build"}
METRIC = re.compile(r"\bqie_[a-z_]+\b")


def cluster(overlay):
    """With the secrets of the example, unless the overlay makes its own."""
    manifests = render(overlay)
    return Cluster(manifests=manifests, secrets=[] if of_kind(manifests, "Secret") else example_secrets())


def own_containers(overlay):
    for pod in pods(render(overlay)):
        for container in pod.containers:
            if container["image"] in OWN:
                yield pod, container


def environment(overlay, container):
    """The variables of a container, with a value of the right form for each secret."""
    manifests = render(overlay)
    secrets = {
        "QIE_LEDGER_URL": "postgresql://u:p@h:5432/d",
        "QIE_BROKER_URL": "redis://:p@h:6379/0",
        "QIE_NOTIFY_SECRET": f"whsec_{'A' * 32}",
    }
    given = {}
    for source in container.get("envFrom", []):
        given |= named(manifests, f"ConfigMap/{source['configMapRef']['name']}")["data"]
    for variable in container.get("env", []):
        name = variable["name"]
        given[name] = variable.get("value") or secrets.get(name, "a secret of this name")
    return given


def command(container):
    """What runs in a container of ours: its own command, or the image's with its arguments."""
    entry = (
        ["/opt/qie/bin/python", "/opt/serving/start.py"]
        if "-triton:" in container["image"]
        else ["qie-batch"]
    )
    return [*container.get("command", entry), *container.get("args", [])]


def executed(container):
    """Every command line of a container."""
    yield command(container)
    for which in ("startupProbe", "readinessProbe", "livenessProbe"):
        if "exec" in container.get(which, {}):
            yield container[which]["exec"]["command"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_names_nothing_that_is_missing(overlay):
    assert dangling(cluster(overlay)) == []


@pytest.mark.parametrize(
    ("name", "path", "value", "sentence"),
    [
        ("Deployment/control", "spec.template.spec.serviceAccountName", "x", "names ServiceAccount/x"),
        ("Deployment/worker", "spec.template.spec.priorityClassName", "x", "names PriorityClass/x"),
        ("Deployment/gateway", "spec.template.metadata.labels", {}, "selects no pod"),
        ("Service/gateway", "spec.ports", [{"name": "http", "targetPort": "x"}], "leads to the port x"),
        ("Service/gateway", "spec.ports", [{"name": "x", "targetPort": "http"}], "names the port http"),
        ("ScaledObject/worker", "spec.scaleTargetRef.name", "x", "names Deployment/x"),
        ("TriggerAuthentication/ledger", "metadata.name", "x", "names TriggerAuthentication/ledger"),
        ("PodMonitor/worker", "spec.podMetricsEndpoints", [{"port": "x"}], "leads to the port x"),
    ],
)
def test_a_name_of_something_that_is_missing_is_found(name, path, value, sentence):
    manifests = render("keda")
    *inner, last = path.split(".")
    target = named(manifests, name)
    for key in inner:
        target = target[key]
    target[last] = value
    assert any(sentence in each for each in dangling(Cluster(manifests=manifests, secrets=example_secrets())))


def test_a_secret_that_is_missing_and_a_key_that_is_missing_are_found():
    secrets = [each for each in example_secrets() if each["metadata"]["name"] != "qie-gateway"]
    del secrets[0]["stringData"]["QIE_LEDGER_URL"]
    found = "\n".join(dangling(Cluster(manifests=render("keda"), secrets=secrets)))
    assert "Deployment/gateway names Secret/qie-gateway, which is not there" in found
    assert "names the key QIE_LEDGER_URL, which Secret/qie-servers has not" in found


def test_the_example_has_no_secret_that_nothing_reads():
    text = "\n".join(json.dumps(render(overlay)) for overlay in OVERLAYS)
    for secret in example_secrets():
        assert f'"{secret["metadata"]["name"]}"' in text
        if secret.get("type") != "kubernetes.io/tls":
            assert [key for key in secret["stringData"] if f'"key": "{key}"' not in text] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_image_is_built_here_or_pinned_as_in_compose(overlay):
    known = OWN | {service["image"] for service in COMPOSE.values()}
    images = {container["image"] for pod in pods(render(overlay)) for container in pod.containers}
    assert images - known == set()
    assert images & OWN


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_command_exists(overlay):
    from qie_batch.cli import main  # noqa: PLC0415 - the other tests here need no command line

    for _, container in own_containers(overlay):
        for words in executed(container):
            program, *rest = words
            if program == "qie-batch":
                found, rest = main, list(rest)
                while isinstance(found, click.Group):
                    found = found.get_command(click.Context(found), rest.pop(0))
                    assert found, words
                found.make_context("qie-batch", rest)
            elif rest[0] == "-m":
                assert importlib.util.find_spec(rest[1]), words
            else:
                assert program in {"python", "/opt/qie/bin/python"}
                assert rest[0] in {"-c", "/opt/serving/start.py"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_is_a_setting_and_has_a_value_that_it_can_have(overlay, monkeypatch):
    for pod, container in own_containers(overlay):
        given = environment(overlay, container)
        unknown = [
            name for name in given if name.startswith("QIE_") and name[4:].lower() not in names_of(Settings)
        ]
        assert unknown == [], pod.owner
        assert len({each["name"] for each in container.get("env", [])}) == len(container.get("env", []))
        with monkeypatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            Settings()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_probe_asks_a_path_that_is_answered(overlay):
    answered = {
        "worker": set(WorkerProbes().by_path),
        "control": set(ControlProbes().by_path),
        "gateway": {route.path for route in health.router.routes},
    }
    for pod, container in own_containers(overlay):
        for which in ("startupProbe", "readinessProbe", "livenessProbe"):
            path = container.get(which, {}).get("httpGet", {}).get("path")
            assert path is None or path in answered[pod.labels["app.kubernetes.io/component"]], pod.owner
    asked = json.dumps([service.get("healthcheck") for service in COMPOSE.values()])
    for pod in pods(render(overlay)):
        for container in pod.containers:
            if container["image"] not in OWN and "httpGet" in container.get("readinessProbe", {}):
                assert f"{container['readinessProbe']['httpGet']['path']}" in asked


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_port_is_the_one_at_which_the_process_listens(overlay):
    for _, container in own_containers(overlay):
        given = environment(overlay, container)
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        metrics = int(given.get("QIE_METRICS_ADDRESS", ":0").rpartition(":")[2])
        assert ports.get("supervisor", metrics) == ports.get("metrics", metrics) == metrics
        assert ports.get("worker", metrics + 1) == metrics + 1
        if "gateway" in container.get("args", []):
            assert ports["http"] == int(given["QIE_GATEWAY_PORT"])
            assert given["QIE_GATEWAY_ADDRESS"] == "0.0.0.0"


def test_every_metric_that_is_scaled_on_is_served_by_a_process():
    adapter = yaml.safe_load((KUBERNETES / "overlays" / "hpa" / "adapter.yaml").read_text())
    made = {rule["name"]["as"] for which in ("custom", "external") for rule in adapter["rules"][which]}
    text = json.dumps(of_kind(render("hpa"), "HorizontalPodAutoscaler"))
    assert set(METRIC.findall(text)) == made
    read = set(METRIC.findall(json.dumps(adapter))) - (made - {"qie_gpu_utilization_ratio"})
    page = (CHECKOUT / "docs" / "metrics.md").read_text()
    code = "".join(path.read_text() for path in (CHECKOUT / "qie_batch" / "metrics").glob("*.py"))
    for name in read:
        assert f"`{name}" in page
        assert f'"{name}"' in code


def test_the_address_that_browsers_write_is_the_one_of_the_ingress():
    manifests = render("keda")
    settings = next(each for each in of_kind(manifests, "ConfigMap"))["data"]
    spec = named(manifests, "Ingress/gateway")["spec"]
    assert settings["QIE_GATEWAY_URL"] == f"https://{spec['rules'][0]['host']}"
    assert spec["tls"][0]["hosts"] == [spec["rules"][0]["host"]]
