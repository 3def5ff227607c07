"""docs/kubernetes.md says what is there, and what it says to write works."""

import os
import re
import subprocess
import sysconfig
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.support.manifests.api_server import kinds_served
from tests.support.manifests.faults import faults
from tests.support.manifests.rendering import CHECKOUT, KUBERNETES, OVERLAYS, named, of_kind, render, selects
from tests.support.manifests.schemas import is_custom, schema_errors

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

    scaled = of_kind(build(change), "ScaledObject")
    queries = [trigger["metadata"]["query"] for each in scaled for trigger in each["spec"]["triggers"]]
    assert len(queries) == 2
    assert all("engine = 'openai'" in query for query in queries)


def test_a_cluster_without_a_custom_resource_takes_all_else_and_says_what_it_lacks(tmp_path):
    manifests = render("keda")
    folder = KUBERNETES / "overlays" / "keda"
    kubectl = Path(sysconfig.get_path("scripts")) / "kubectl"
    with kinds_served(manifests) as address:
        command = [kubectl, "--server", address, "apply", "--dry-run=client", "--validate=false"]
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        run = subprocess.run(
            [*command, "--kustomize", folder], capture_output=True, text=True, check=False, env=environment
        )
    assert run.returncode == 1
    assert 'no matches for kind "ScaledObject" in version "keda.sh/v1alpha1"' in run.stderr
    assert 'no matches for kind "ScaledObject" in version "keda.sh/v1alpha1"' in PAGE
    taken = [manifest for manifest in manifests if not is_custom(manifest)]
    assert run.stdout.count("created (dry run)") == len(taken)
    assert run.stderr.count("no matches for kind") == len(manifests) - len(taken)


@pytest.mark.parametrize("name", ["h100.yaml", "fill-weights.yaml"])
def test_a_manifest_of_the_page_follows_its_schema_and_has_no_fault(name):
    manifest = yaml.safe_load(block(name))
    assert schema_errors(manifest) + faults(manifest) == []


def test_the_job_that_fills_the_weights_writes_where_workers_read_and_may_reach_the_hub():
    job = yaml.safe_load(block("fill-weights.yaml"))
    manifests = render("keda")
    named_there = job["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    claim = named(manifests, f"PersistentVolumeClaim/{named_there}")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    script = job["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    (worker,) = named(manifests, "Deployment/worker")["spec"]["template"]["spec"]["containers"]
    folders = {each["name"]: each["value"] for each in worker["env"] if "value" in each}
    assert folders["QIE_MODEL"] in script
    assert folders["QIE_LORA_DIR"] in script
    labels = job["spec"]["template"]["metadata"]["labels"]
    store = named(manifests, "NetworkPolicy/store")["spec"]
    assert selects(store["podSelector"], labels)


def test_the_page_lists_every_overlay():
    table = PAGE[PAGE.index("| overlay |") : PAGE.index("`base` has")]
    assert set(re.findall(r"`([a-z-]+)`", table)) >= set(OVERLAYS)
    assert set(re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)) <= set(OVERLAYS)
