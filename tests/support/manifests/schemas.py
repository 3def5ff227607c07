"""Manifests against the schemas of Kubernetes and of custom resources: an unknown field is an error."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import yaml
from jsonschema import Draft7Validator

from tests.support.manifests.rendering import CHECKOUT, called
from tests.support.requires import not_shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KUBERNETES_VERSION = "1.36"
#: Of resources whose own definitions the shared folder lacks, written by hand: the fields that are used here.
_OWN = Path(__file__).parent / "definitions.yaml"


def schema_errors(manifest: dict[str, Any]) -> list[str]:
    """The first error of a built-in kind, or each of a custom one."""
    return list(_errors(json.dumps(manifest)))


@cache
def _errors(text: str) -> tuple[str, ...]:
    """Once for a manifest that many overlays have."""
    return tuple(_found(json.loads(text)))


def is_custom(manifest: Mapping[str, Any]) -> bool:
    """Whether its schema is a CustomResourceDefinition."""
    group, _, _ = manifest["apiVersion"].rpartition("/")
    return "." in group and not group.endswith(".k8s.io")


def _found(manifest: dict[str, Any]) -> Iterator[str]:
    if is_custom(manifest):
        yield from _custom_errors(manifest)
        return
    try:
        kubernetes_validate.validate(manifest, KUBERNETES_VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(map(str, error.path))
        yield f"{called(manifest)}: {path}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError:
        yield f"{called(manifest)}: Kubernetes {KUBERNETES_VERSION} has no {manifest['apiVersion']}"


def _custom_errors(manifest: dict[str, Any]) -> Iterator[str]:
    validator = _definitions().get((manifest["apiVersion"], manifest["kind"]))
    if validator is None:
        yield f"{called(manifest)}: there is no schema of {manifest['apiVersion']}"
        return
    for error in validator.iter_errors(manifest):
        yield f"{called(manifest)}: {error.json_path}: {error.message[:300]}"


@cache
def _definitions() -> Mapping[tuple[str, str], Draft7Validator]:
    """A validator for each version of each custom resource that is known."""
    return {
        (f"{definition['spec']['group']}/{version['name']}", definition["spec"]["names"]["kind"]): (
            Draft7Validator(_strict(version["schema"]["openAPIV3Schema"]))
        )
        for path in (*sorted(_folder().glob("*.yaml")), _OWN)
        for definition in yaml.load_all(path.read_text(), yaml.CSafeLoader)
        for version in definition["spec"]["versions"]
    }


def _folder() -> Path:
    """shared/crds, beside the checkout or above a worktree of it."""
    folders = (parent / "shared" / "crds" for parent in CHECKOUT.parents)
    found = next((folder for folder in folders if folder.is_dir()), None)
    return found or not_shipped(
        "no folder ../shared/crds beside this checkout, which has the schemas of custom resources"
    )


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON Schema, where no object has a property that is not listed."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    made.pop("default", None)
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "properties" in schema:
        made["properties"] = {key: _strict(value) for key, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    return made
