"""The processes of the overlay `local`, started as its containers are, answer its probes and end in time.

Addresses and ports are this machine's; everything else is as rendered.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import httpx2
import psycopg
import pytest

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from tests.support.manifests.rendering import named, of_kind, pods, render

pytestmark = pytest.mark.slow

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
#: Seconds in which all processes are ready, on a machine with other work.
SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    container: dict
    child: ChildProcess
    ports: dict[int, int]
    grace: int

    def asked(self, which: str) -> int:
        """The status of a probe; 0 where nothing listens."""
        probe = self.container[which]["httpGet"]
        numbers = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        port = self.ports[numbers[probe["port"]]]
        try:
            return httpx2.get(f"http://127.0.0.1:{port}{probe['path']}", timeout=10).status_code
        except httpx2.TransportError:
            return 0


@pytest.fixture(scope="module")
def services(stack, postgres):
    """Values for the secrets, and for the settings that name a server."""
    config = stack.config
    url = postgres.new_database()
    yield {
        "QIE_LEDGER_URL": url,
        "QIE_BROKER_URL": config["broker_url"].rpartition("/")[0] + "/14",
        "QIE_S3_ENDPOINT": config["s3_endpoint"],
        "QIE_S3_BUCKET": config["s3_bucket"],
        "QIE_S3_ACCESS_KEY": config["s3_access_key"],
        "QIE_S3_SECRET_KEY": config["s3_secret_key"],
        "QIE_GATEWAY_SECRET": "s" * 32,
        "QIE_FLOWER_PASSWORD": "password",
        # There is no API server here.
        "QIE_KUBERNETES": "false",
    }
    postgres.drop_database(url)


def environment(manifests, container, services, folder):
    """As the kubelet makes it: nothing of this process but where Python is."""
    given = {}
    for source in container["envFrom"]:
        given |= named(manifests, f"ConfigMap/{source['configMapRef']['name']}")["data"]
    given |= {each["name"]: each.get("value", "") for each in container.get("env", [])}
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    if "TMPDIR" in given:
        given["TMPDIR"] = str(folder)
    return inherited | given | services | {"HOME": str(folder)}


def moved(given, container):
    """The environment with free ports, and which port is where."""
    ports = {}
    for port in container.get("ports", []):
        number = port["containerPort"]
        # The worker's own page is at the port after its supervisor's.
        ports[number] = ports[number - 1] + 1 if number - 1 in ports else free_port()
    if "QIE_METRICS_ADDRESS" in given:
        given["QIE_METRICS_ADDRESS"] = f"127.0.0.1:{ports[9400]}"
    if "http" in {port["name"] for port in container.get("ports", [])}:
        given |= {"QIE_GATEWAY_ADDRESS": "127.0.0.1", "QIE_GATEWAY_PORT": str(ports[8080])}
    if "QIE_FLOWER_PORT" in given:
        given["QIE_FLOWER_PORT"] = str(ports.setdefault(5555, free_port()))
    return given, ports


def waits(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def processes(services, tmp_path_factory):
    manifests = render("local")
    migrate = next(pod for pod in pods(of_kind(manifests, "Job")))
    folder = tmp_path_factory.mktemp("pods")
    found = {}
    for pod in (migrate, *pods(of_kind(manifests, "Deployment"))):
        (container,) = pod.containers
        given, ports = moved(environment(manifests, container, services, folder), container)
        argv = [sys.executable, "-m", "qie_batch", *container["args"]]
        if pod is migrate:
            subprocess.run(argv, env=given, cwd=folder, check=True, capture_output=True)
            continue
        name = pod.owner.partition("/")[2]
        child = ChildProcess.start(name, argv, env=given, log_path=folder / f"{name}.log", cwd=folder)
        found[name] = Started(
            container=container, child=child, ports=ports, grace=pod.spec["terminationGracePeriodSeconds"]
        )
    yield found
    for each in found.values():
        each.child.stop()


def test_every_probe_is_answered(processes):
    for name in ("control", "gateway", "worker"):
        for which in PROBES:
            if which in processes[name].container:
                waits(lambda each=processes[name], which=which: each.asked(which) == 200)


def test_the_probe_of_flower_passes(processes):
    flower = processes["flower"]
    command = flower.container["livenessProbe"]["exec"]["command"]
    code = command[-1].replace("5555", str(flower.ports[5555]))
    waits(
        lambda: subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
    )


@pytest.mark.usefixtures("processes")
def test_keda_finds_that_nothing_waits_before_any_job(services):
    queries = [
        trigger["metadata"]["query"]
        for scaled in of_kind(render("keda"), "ScaledObject")
        for trigger in scaled["spec"]["triggers"]
    ]
    with psycopg.connect(services["QIE_LEDGER_URL"].replace("+psycopg", ""), autocommit=True) as connection:
        waits(lambda: all(connection.execute(query).fetchone() == (0.0,) for query in queries))


def test_every_process_ends_within_the_grace_of_its_pod(processes):
    began = time.monotonic()
    for each in processes.values():
        each.child.terminate()
    for name, each in processes.items():
        waits(lambda each=each: each.child.poll() is not None)
        # The gateway's server ends by the signal that it got.
        assert each.child.poll() in {0, -signal.SIGTERM}, name
        assert time.monotonic() - began < each.grace, name
