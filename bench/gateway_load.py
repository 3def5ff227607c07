"""Requests a second of the gateway, and its memory over time: `GET /api/jobs/ID` of a job of 1,000 items.

The load comes from wrk, a process of its own, over connections that stay open, with a token in each request.
The gateway is one process beside its own ledger: SQLite, or PostgreSQL with --postgresql.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from joserfc import jwt
from joserfc.jwk import OctKey
from process_cpu import cpu_seconds
from submit import write_catalog

from qie_batch import wiring
from qie_batch.ledger import schema
from qie_batch.local.process import ChildProcess
from qie_batch.local.stack import Stack
from qie_batch.model import JobOrder
from qie_batch.processes.contract import child_environment
from qie_batch.settings import Settings
from qie_batch.steps.submit import SubmitRequest, submit
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANT = "bench"
ROWS = 1000
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def bearer(settings: Settings) -> str:
    """The header of a token of the embedded stack, valid for a day."""
    now = int(time.time())
    assert settings.gateway_secret
    claims = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": f"{TENANT}-program",
        settings.jwt_tenant_claim: TENANT,
        "scope": "jobs:read jobs:write",
        "iat": now,
        "exp": now + 86_400,
    }
    key = OctKey.import_key(settings.gateway_secret.get_secret_value())
    return f"Bearer {jwt.encode({'alg': 'HS256'}, claims, key)}"


@contextmanager
def running_gateway(folder: Path) -> Iterator[tuple[Settings, ChildProcess, str]]:
    """Broker, store, ledger and one gateway, without worker and control; settings, process, address."""
    with Stack.start(folder / "stack", {"engine": "classic"}) as stack:
        settings = Settings(dir=stack.folder)
        schema.upgrade(wiring.database(settings))
        process = ChildProcess.start(
            "gateway",
            [sys.executable, "-m", "qie_batch", "gateway"],
            env=child_environment(stack.folder),
            log_path=folder / "gateway.log",
        )
        url = f"http://127.0.0.1:{settings.gateway_port}"
        try:
            process.wait_until(lambda: is_ready(url), 60)
            yield settings, process, url
        finally:
            process.stop()


def is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def resident_mb(pid: int, field: str = "VmRSS") -> float:
    """VmRSS is memory now, VmHWM the most there was."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


def enter_job(settings: Settings, folder: Path) -> str:
    """The id of a job of ROWS items, which no worker takes."""
    ledger = wiring.ledger(settings)
    catalog = write_catalog(folder / "catalog", ROWS, 5)
    request = SubmitRequest(address=str(catalog), order=JobOrder(owner=TENANT))
    job_id = submit(request, wiring.submit_context(settings, ledger)).job_id
    ledger.dispose()
    assert job_id
    return job_id


def load(url: str, token: str, connections: int, seconds: float, pid: int) -> tuple[str, list[float]]:
    """What wrk prints, and the gateway's memory in MB once a second."""
    command = [
        *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s"),
        *("--timeout", "30s", "--latency", "--header", f"Authorization: {token}", url),
    ]
    memory = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        while wrk.poll() is None:
            memory.append(resident_mb(pid))
            time.sleep(1)
        assert wrk.stdout
        return wrk.stdout.read(), memory


def milliseconds(printed: str, percent: int) -> float:
    value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", printed, re.MULTILINE).groups()
    return float(value) * UNITS[unit]


def measure(folder: Path, connections: int, seconds: float) -> dict[str, float]:
    with running_gateway(folder) as (settings, process, base):
        job_id = enter_job(settings, folder)
        url, token = f"{base}/api/jobs/{job_id}", bearer(settings)
        httpx2.get(url, headers={"Authorization": token}).raise_for_status()
        load(url, token, connections, 5, process.pid)  # every thread and connection is there
        spent = cpu_seconds(process.pid)
        printed, memory = load(url, token, connections, seconds, process.pid)
        spent = cpu_seconds(process.pid) - spent
    print(printed)
    requests = int(re.search(r"(\d+) requests in", printed)[1])
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    timeouts = re.search(r"Socket errors: (.+)", printed)
    assert not timeouts, timeouts[0]
    tenth = max(1, len(memory) // 10)
    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1]),
        "p50_ms": milliseconds(printed, 50),
        "p99_ms": milliseconds(printed, 99),
        "failed": int(failed[1]) if failed else 0,
        "cpu_ms_a_request": 1000 * spent / requests,
        "rss_mb_begin": max(memory[:tenth]),
        "rss_mb_middle": max(memory[len(memory) // 2 :][:tenth]),
        "rss_mb_end": max(memory[-tenth:]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--postgresql", action="store_true", help="a ledger on a PostgreSQL of its own")
    arguments = parser.parse_args()
    # One subject sends all requests; each is counted against a rate as ever.
    os.environ["QIE_GATEWAY_READ_RATE"] = "100000000/minute"
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="qie-load-") as name, ExitStack() as undo:
        if arguments.postgresql:
            os.environ["QIE_LEDGER_URL"] = undo.enter_context(Postgres()).new_database()
        found = measure(Path(name), arguments.connections, 60 * arguments.minutes)
    print(
        f"{found['requests_per_second']:,.0f} requests/s over {arguments.connections} connections,"
        f" p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms, {found['failed']:.0f} failed;"
        f" {found['cpu_ms_a_request']:.2f} ms of CPU a request; memory {found['rss_mb_begin']:.0f} MB at the"
        f" beginning, {found['rss_mb_middle']:.0f} in the middle, {found['rss_mb_end']:.0f} at the end"
    )
    if arguments.json:
        print(json.dumps({key: round(value, 2) for key, value in found.items()}))


if __name__ == "__main__":
    main()
