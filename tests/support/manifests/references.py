"""What manifests name: each name is of something that is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.manifests.rendering import Pod, called, of_kind, pods, selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Manifest = dict[str, Any]

#: Made by every cluster.
_GIVEN = frozenset({"ServiceAccount/default"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The manifests of an overlay, and the secrets that it takes from elsewhere."""

    manifests: list[Manifest]
    secrets: list[Manifest]
    names: set[str] = field(init=False)
    pods: list[Pod] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "names", _GIVEN | {called(each) for each in (*self.manifests, *self.secrets)}
        )
        object.__setattr__(self, "pods", list(pods(self.manifests)))

    def keys(self, kind: str, name: str) -> set[str] | None:
        """Of a ConfigMap or Secret; None where there is none."""
        for each in (*self.manifests, *self.secrets):
            if called(each) == f"{kind}/{name}":
                return {*each.get("data", {}), *each.get("stringData", {})}
        return None


def dangling(cluster: Cluster) -> list[str]:
    """A sentence for each name of something that is not there."""
    found = [
        f"{pod.owner} names {name}, which is not there"
        for pod in cluster.pods
        for name in _named_by(pod)
        if name not in cluster.names
    ]
    found += [sentence for pod in cluster.pods for sentence in _missing_keys(cluster, pod)]
    for manifest in cluster.manifests:
        missing = [name for name in _named(manifest) if name not in cluster.names]
        found += [f"{called(manifest)} names {name}, which is not there" for name in missing]
        found += [f"{called(manifest)} {sentence}" for sentence in _unmatched(cluster, manifest)]
    return found


def _named_by(pod: Pod) -> Iterator[str]:
    spec = pod.spec
    yield f"ServiceAccount/{spec.get('serviceAccountName', 'default')}"
    if "priorityClassName" in spec:
        yield f"PriorityClass/{spec['priorityClassName']}"
    for volume in spec.get("volumes", []):
        if "persistentVolumeClaim" in volume:
            yield f"PersistentVolumeClaim/{volume['persistentVolumeClaim']['claimName']}"
        if "configMap" in volume:
            yield f"ConfigMap/{volume['configMap']['name']}"
        if "secret" in volume:
            yield f"Secret/{volume['secret']['secretName']}"
    for container in pod.containers:
        for source in container.get("envFrom", []):
            yield from (f"ConfigMap/{each['name']}" for each in _values(source, "configMapRef"))
            yield from (f"Secret/{each['name']}" for each in _values(source, "secretRef"))


def _missing_keys(cluster: Cluster, pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            for kind, field_name in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                for each in _values(source, field_name):
                    keys = cluster.keys(kind, each["name"])
                    # What is optional is named in the example, too, but need not be given.
                    if keys is None and not (each.get("optional") and not cluster.secrets):
                        yield f"{pod.owner} names {kind}/{each['name']}, which is not there"
                    elif keys is not None and each["key"] not in keys:
                        yield f"{pod.owner} names the key {each['key']}, which {kind}/{each['name']} has not"


def _named(manifest: Manifest) -> Iterator[str]:
    """What a manifest itself names, by kind and name."""
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "RoleBinding":
            yield f"{manifest['roleRef']['kind']}/{manifest['roleRef']['name']}"
            yield from (f"{subject['kind']}/{subject['name']}" for subject in manifest["subjects"])
        case "HorizontalPodAutoscaler":
            yield f"{spec['scaleTargetRef']['kind']}/{spec['scaleTargetRef']['name']}"
        case "ScaledObject":
            yield _scaled(spec["scaleTargetRef"])
            for trigger in spec["triggers"]:
                yield f"TriggerAuthentication/{trigger['authenticationRef']['name']}"
        case "Ingress":
            yield from (f"Secret/{each['secretName']}" for each in spec.get("tls", []))
        case "NodePool":
            reference = spec["template"]["spec"]["nodeClassRef"]
            yield f"{reference['kind']}/{reference['name']}"
        case "StatefulSet":
            yield f"Service/{spec['serviceName']}"


def _scaled(target: Mapping[str, str]) -> str:
    """The Deployment, or the InferenceService whose Deployment KServe calls NAME-predictor."""
    name, kind = target["name"], target.get("kind", "Deployment")
    if name.endswith("-predictor"):
        return f"InferenceService/{name.removesuffix('-predictor')}"
    return f"{kind}/{name}"


def _unmatched(cluster: Cluster, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the pods, Services, keys and ports that a manifest chooses."""
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "Service":
            ports = [port["targetPort"] for port in spec["ports"]]
            yield from _portless(_selected(cluster, {"matchLabels": spec["selector"]}), ports)
        case "PodDisruptionBudget":
            yield from _portless(_selected(cluster, spec["selector"]), [])
        case "NetworkPolicy":
            ports = [port["port"] for rule in spec.get("ingress", []) for port in rule.get("ports", [])]
            yield from _portless(_selected(cluster, spec["podSelector"]), ports)
        case "PodMonitor":
            ports = [each["port"] for each in spec["podMetricsEndpoints"]]
            yield from _portless(_selected(cluster, spec["selector"]), ports)
        case "ServiceMonitor":
            yield from _unmonitored(cluster, spec)
        case "TriggerAuthentication":
            yield from _keyless(cluster, spec)
        case "Ingress":
            for rule in spec["rules"]:
                for path in rule["http"]["paths"]:
                    yield from _backend(cluster, path["backend"]["service"])


def _unmonitored(cluster: Cluster, spec: Mapping[str, Any]) -> Iterator[str]:
    services = of_kind(cluster.manifests, "Service")
    labelled = [each for each in services if selects(spec["selector"], each["metadata"].get("labels", {}))]
    ports = {port["name"] for each in labelled for port in each["spec"]["ports"]}
    for each in spec["endpoints"]:
        if each["port"] not in ports:
            yield f"asks the port {each['port']}, which no Service that it selects has"


def _keyless(cluster: Cluster, spec: Mapping[str, Any]) -> Iterator[str]:
    for each in spec["secretTargetRef"]:
        if each["key"] not in (cluster.keys("Secret", each["name"]) or ()):
            yield f"names the key {each['key']} of Secret/{each['name']}, which is not there"


def _backend(cluster: Cluster, backend: Mapping[str, Any]) -> Iterator[str]:
    for service in of_kind(cluster.manifests, "Service"):
        if service["metadata"]["name"] == backend["name"]:
            if backend["port"]["name"] not in {port["name"] for port in service["spec"]["ports"]}:
                yield f"names the port {backend['port']['name']}, which Service/{backend['name']} has not"
            return
    yield f"names Service/{backend['name']}, which is not there"


def _selected(cluster: Cluster, selector: Mapping[str, Any]) -> list[Pod]:
    return [pod for pod in cluster.pods if selects(selector, pod.labels)]


def _portless(found: list[Pod], wanted: Iterable[str | int]) -> Iterator[str]:
    if not found:
        yield "selects no pod"
    ports = [port for pod in found for container in pod.containers for port in container.get("ports", [])]
    known = {port.get("name") for port in ports} | {port["containerPort"] for port in ports}
    for port in wanted:
        if found and port not in known:
            yield f"leads to the port {port}, which no pod that it selects has"


def _values(source: Mapping[str, Any], key: str) -> list[Any]:
    return [source[key]] if key in source else []
