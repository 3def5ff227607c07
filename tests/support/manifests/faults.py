"""Faults that no schema shows: the API server refuses most of these, and lets two pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.manifests.rendering import called, of_kind, pods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Manifest = dict[str, Any]
    Rule = Callable[[Manifest], Iterator[str]]

_PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|[KMGTPE]i|[MGTPE]|e[0-9]+)?")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
#: Fields whose values are quantities.
_QUANTITIES = frozenset({"requests", "limits", "hard", "default", "defaultRequest"})


def faults(manifest: Manifest) -> list[str]:
    """A sentence for each."""
    return [f"{called(manifest)}: {sentence}" for rule in RULES.values() for sentence in rule(manifest)]


def _selector_mismatch(manifest: Manifest) -> Iterator[str]:
    selector = manifest.get("spec", {}).get("selector")
    for pod in pods([manifest]):
        wanted = (selector or {}).get("matchLabels", {}).items()
        if not wanted <= pod.labels.items():
            yield f"its selector {dict(wanted)} does not match its pods, {dict(pod.labels)}"


def _port_name(manifest: Manifest) -> Iterator[str]:
    for pod in pods([manifest]):
        for container in pod.containers:
            for port in container.get("ports", []):
                if "name" in port and not _PORT_NAME.fullmatch(port["name"]):
                    yield f"{port['name']!r} is no name of a port: at most 15 of a-z, 0-9 and -"


def _probe_port(manifest: Manifest) -> Iterator[str]:
    for container, which, probe in _probes(manifest):
        for handler in ("httpGet", "tcpSocket"):
            port = probe.get(handler, {}).get("port")
            if isinstance(port, str) and port not in {
                each.get("name") for each in container.get("ports", [])
            }:
                yield f"{which} of {container['name']} asks the port {port!r}, which the container has not"


def _success_threshold(manifest: Manifest) -> Iterator[str]:
    for container, which, probe in _probes(manifest):
        if which != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield f"{which} of {container['name']} has a successThreshold other than 1"


def _device_request(manifest: Manifest) -> Iterator[str]:
    for name, limits, requests in _devices(manifest):
        for key in limits.keys() | requests.keys():
            # A limit alone is its own request.
            if key not in limits or requests.get(key, limits[key]) != limits[key]:
                yield f"{name} requests another number of {key} than its limit"


def _device_fraction(manifest: Manifest) -> Iterator[str]:
    for name, *lists in _devices(manifest):
        for key, value in (pair for each in lists for pair in each.items()):
            if not str(value).isdecimal():
                yield f"{name} wants {value} of {key}, which has no parts"


def _volume(manifest: Manifest) -> Iterator[str]:
    claimed = {each["metadata"]["name"] for each in manifest.get("spec", {}).get("volumeClaimTemplates", [])}
    for pod in pods([manifest]):
        volumes = claimed | {volume["name"] for volume in pod.spec.get("volumes", [])}
        for container in pod.containers:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{container['name']} mounts {mount['name']!r}, which is no volume of the pod"


def _name(manifest: Manifest) -> Iterator[str]:
    if not _NAME.fullmatch(manifest["metadata"]["name"]):
        yield "its name is none: a-z, 0-9, - and . are allowed"


def _quantity(manifest: Manifest) -> Iterator[str]:
    for path, value in _walk(manifest):
        listed = len(path) > 1 and path[-2] in _QUANTITIES and not path[-1].isdecimal()
        if (listed or path[-1] in {"sizeLimit", "averageValue"}) and not _QUANTITY.fullmatch(str(value)):
            yield f"{'.'.join(path)}: {value!r} is no quantity, such as 96Gi or 500m"


def _bounds(manifest: Manifest) -> Iterator[str]:
    spec = manifest.get("spec", {})
    for least, most in (("minReplicas", "maxReplicas"), ("minReplicaCount", "maxReplicaCount")):
        for part in (spec, spec.get("predictor", {})):
            if least in part and most in part and part[least] > part[most]:
                yield f"{least} is more than {most}"


def _target(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] != "HorizontalPodAutoscaler":
        return
    fields = {"Value": "value", "AverageValue": "averageValue", "Utilization": "averageUtilization"}
    for metric in manifest["spec"].get("metrics", []):
        target = next(
            part["target"] for part in metric.values() if isinstance(part, dict) and "target" in part
        )
        if target.keys() - {"type"} != {fields[target["type"]]}:
            yield f"a target of type {target['type']} has {fields[target['type']]} and nothing else"


def _disruption(manifest: Manifest) -> Iterator[str]:
    spec = manifest.get("spec", {})
    if {"minAvailable", "maxUnavailable"} <= spec.keys():
        yield "minAvailable and maxUnavailable exclude each other"


def _service_ports(manifest: Manifest) -> Iterator[str]:
    for service in of_kind([manifest], "Service"):
        names = [port.get("name") for port in service["spec"].get("ports", [])]
        if len(names) > 1 and (None in names or len(set(names)) < len(names)):
            yield "each of several ports needs a name of its own"


def _probes(manifest: Manifest) -> Iterator[tuple[Manifest, str, Mapping[str, Any]]]:
    for pod in pods([manifest]):
        for container in pod.containers:
            for which in _PROBES:
                if which in container:
                    yield container, which, container[which]


def _devices(manifest: Manifest) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Limits and requests of each container, of devices: resources with a domain in their name."""
    for pod in pods([manifest]):
        for container in pod.containers:
            found = container.get("resources", {})
            limits, requests = (
                {key: value for key, value in found.get(which, {}).items() if "/" in key}
                for which in ("limits", "requests")
            )
            yield container["name"], limits, requests


def _walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, str(index)))
    else:
        yield path, value


RULES: dict[str, Rule] = {
    "selector mismatch": _selector_mismatch,
    "long name of a port": _port_name,
    "probe on no port": _probe_port,
    "device request beside its limit": _device_request,
    "part of a device": _device_fraction,
    "mount without volume": _volume,
    "success threshold": _success_threshold,
    "name in capitals": _name,
    "no quantity": _quantity,
    "minimum over maximum": _bounds,
    "target of two types": _target,
    "two limits of a disruption": _disruption,
    "ports without names": _service_ports,
}
