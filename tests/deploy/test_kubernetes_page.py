"""docs/kubernetes.md says what is there, and what it says to write works."""

import os
import re
import subprocess
import sysconfig
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.support.manifests.rendering import CHECKOUT, OVERLAYS, named, of_kind
from tests.support.manifests.schemas import schema_errors

PAGE = (CHECKOUT / "docs" / "kubernetes.md").read_text(encoding="utf-8")


def block(first_line):
    """A block of YAML by its first line, a comment."""
    found = re.search(
        rf"^( *)```yaml\n\1# {re.escape(first_line)}\n(.*?)^\1```$", PAGE, re.MULTILINE | re.DOTALL
    )
    return textwrap.dedent(found[2])


@pytest.fixture
def build(tmp_path):
    """Renders the page's overlay, changed by a function."""
    folder = tmp_path / "mine"
    folder.mkdir()
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"

    def build(change=lambda _: None):
        overlay = yaml.safe_load(block("mine/kustomization.yaml"))
        change(overlay)
        text = yaml.safe_dump(overlay).replace("../qie-batch/", f"{os.path.relpath(CHECKOUT, folder)}/")
        (folder / "kustomization.yaml").write_text(text)
        run = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return list(yaml.load_all(run.stdout, yaml.CSafeLoader))

    return build


def test_an_overlay_of_ones_own_is_built_as_the_page_says(build):
    manifests = build()
    settings = next(each for each in of_kind(manifests, "ConfigMap"))["data"]
    assert settings["QIE_GATEWAY_URL"] == "https://pictures.example.com"
    assert settings["QIE_ENGINE"] == "qwen"
    (worker,) = named(manifests, "Deployment/worker")["spec"]["template"]["spec"]["containers"]
    assert worker["image"] == "registry.example.com/qie-batch-worker:0.1.0"
    assert named(manifests, "Ingress/gateway")["spec"]["tls"][0]["hosts"] == ["pictures.example.com"]
    assert named(manifests, "PersistentVolumeClaim/qie-weights")["spec"]["storageClassName"] == "efs"


def test_another_engine_is_scaled_by_its_own_work(build):
    def change(overlay):
        overlay["configMapGenerator"][0]["literals"].append("QIE_ENGINE=openai")
        overlay["components"] = re.findall(r"`components: \[(.+?)\]`", PAGE)

    (scaled,) = of_kind(build(change), "ScaledObject")
    queries = [trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"]]
    assert all("engine = 'openai'" in query for query in queries)


def test_the_template_of_a_claim_follows_its_schema():
    assert schema_errors(yaml.safe_load(block("h100.yaml"))) == []


def test_the_page_lists_every_overlay():
    table = PAGE[PAGE.index("| overlay |") : PAGE.index("`base` has")]
    assert set(re.findall(r"`([a-z-]+)`", table)) >= set(OVERLAYS)
    assert set(re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)) <= set(OVERLAYS)
