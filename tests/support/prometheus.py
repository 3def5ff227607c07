"""Debian's Prometheus and Alertmanager on free ports, stopped by pid."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from tests.support import requires

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START_SECONDS = 30


def program(name: str) -> str:
    """The path of a program of the packages prometheus and prometheus-alertmanager."""
    return shutil.which(name) or requires.missing(
        f"no {name} on this machine (Debian: apt-get install prometheus prometheus-alertmanager)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant vector; AssertionError for an expression that is wrong."""
        answer = httpx2.get(f"{self.url}/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def value(self, expression: str) -> float | None:
        samples = self.query(expression)
        return float(samples[0]["value"][1]) if samples else None

    def series(self, expression: str, seconds: float, step: float) -> list[dict[str, Any]]:
        """The matrix of the last `seconds`."""
        now = time.time()
        asked = {"query": expression, "start": now - seconds, "end": now, "step": step}
        answer = httpx2.get(f"{self.url}/api/v1/query_range", params=asked).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def until(self, expression: str, seconds: float = START_SECONDS) -> list[dict[str, Any]]:
        """Samples of the expression, as soon as there are any."""
        deadline = time.monotonic() + seconds
        while not (samples := self.query(expression)):
            assert time.monotonic() < deadline, f"no {expression} within {seconds:g} s"
            time.sleep(0.2)
        return samples


@contextmanager
def running_prometheus(
    folder: Path, targets: Sequence[Path], *, rules: Sequence[Path] = (), alertmanager: str = ""
) -> Iterator[Prometheus]:
    """Scrapes each second what the files (of `file_sd_configs`) name."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {
                "job_name": "qie",
                "file_sd_configs": [{"files": [str(path) for path in targets], "refresh_interval": "1s"}],
            }
        ],
    }
    if alertmanager:
        where = {"static_configs": [{"targets": [alertmanager]}]}
        config["alerting"] = {"alertmanagers": [where]}
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    child = ChildProcess.start(
        "prometheus",
        [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        env={},
        log_path=folder / "prometheus.log",
    )
    try:
        child.wait_until(lambda: _answers(f"http://{address}/-/ready"), START_SECONDS)
        yield Prometheus(url=f"http://{address}")
    finally:
        child.stop()


@contextmanager
def running_alertmanager(folder: Path, config: Path) -> Iterator[str]:
    """HOST:PORT."""
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    child = ChildProcess.start(
        "alertmanager",
        [
            program("prometheus-alertmanager"),
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        env={},
        log_path=folder / "alertmanager.log",
    )
    try:
        child.wait_until(lambda: _answers(f"http://{address}/-/ready"), START_SECONDS)
        yield address
    finally:
        child.stop()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
