"""The real tritonserver of the wheel nvidia-pytriton, with the models of deploy/triton."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from qie_batch.engines.triton.asking import client_of
from qie_batch.local.ports import free_port
from qie_batch.local.process import ChildProcess
from tests.support import requires

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-triton"
START_SECONDS = 90
STANDIN = ROOT / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triton:
    child: ChildProcess
    http: int
    grpc: int
    metrics: int

    @property
    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.grpc}"

    @property
    def says_ready(self) -> bool:
        """What Triton's own health says."""
        return httpx2.get(f"http://127.0.0.1:{self.http}/v2/health/ready", timeout=5).status_code == 200

    def client(self) -> Any:
        return client_of(self.url)

    def metric(self, name: str, model: str) -> float:
        page = httpx2.get(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5).text
        found = re.search(rf'^{name}{{model="{model}"[^}}]*}} (\S+)', page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def processes(self, what: str) -> list[int]:
        """Pids of descendants, or of the engine, whose command line contains this."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if what in words and str(self.server_pid) in words:
                    found.append(int(path.parent.name))
        return found

    @property
    def server_pid(self) -> int:
        """Of tritonserver, a child of its starter."""
        (pid,) = map(int, Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split())
        return pid

    def stubs(self, model: str) -> list[int]:
        """Pids of the Python process of this model."""
        children = Path(f"/proc/{self.server_pid}/task").glob("*/children")
        pids = [int(pid) for path in children for pid in path.read_text().split()]
        return [pid for pid in pids if f"/{model}/" in Path(f"/proc/{pid}/cmdline").read_text()]

    @property
    def engine_pid(self) -> int:
        (pid,) = self.processes("qie_batch.processes.served_engine")
        return pid


@contextmanager
def running_triton(folder: Path, **variables: str) -> Iterator[Triton]:
    """With the stand-in engine of bench/, unless `variables` choose another."""
    if not (VENV / "bin" / "python").exists():
        requires.missing("no .venv-triton here (make .venv-triton/stamp)")
    folder.mkdir(parents=True, exist_ok=True)
    ports = {name: free_port() for name in ("http", "grpc", "metrics")}
    search = os.pathsep.join(map(str, (ROOT, STANDIN)))
    child = ChildProcess.start(
        "triton",
        [
            sys.executable,
            str(ROOT / "deploy" / "triton" / "start.py"),
            *(f"--{name}-port={port}" for name, port in ports.items()),
            *(f"--{name}-address=127.0.0.1" for name in ports),
        ],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONPATH": search,
            "TRITON_VENV": str(VENV),
            "QIE_ENGINE": "standin.engine",
            "QIE_DIR": str(folder / "settings"),
            **variables,
        },
        log_path=folder / "triton.log",
    )
    triton = Triton(child=child, **ports)
    try:
        child.wait_until(lambda: _answers(triton), START_SECONDS)
        yield triton
    finally:
        if child.poll() is None:
            child.stop(grace=20)


def _answers(triton: Triton) -> bool:
    try:
        return triton.says_ready
    except httpx2.TransportError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
