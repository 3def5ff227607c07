"""Memory of the gateway while a large ZIP file is uploaded, checked, and made a job.

    python bench/large_upload.py [--gigabytes 2] [--proxy]

A broker, a store and a gateway of its own run in a temporary folder. The ZIP file has 5 MB PNG pictures of
noise, and a catalog of one row each; it is sent as fast as it is taken, with --proxy through the Caddy of
deploy/proxy. Printed is the most that the gateway's process held (VmHWM of Linux) up to the end of each step,
without its decoder processes, and how long each step took.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
import zipfile
from contextlib import ExitStack
from pathlib import Path

import httpx2
import numpy as np
from gateway_load import bearer, resident_mb, running_gateway
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.proxies import running_proxy

SIDE = 1300


def write_archive(path: Path, gigabytes: float) -> int:
    """How many pictures it has."""
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=1)
    data = file.getvalue()
    number = max(1, round(gigabytes * 1e9 / len(data)))
    with zipfile.ZipFile(path, "w") as archive:
        rows = "".join(f"{n},images/{n}.png,Make the picture brighter\n" for n in range(number))
        archive.writestr("catalog.csv", f"id,image,instruction\n{rows}")
        for n in range(number):
            # Bytes behind the end of a PNG file are allowed: each picture has another hash.
            archive.writestr(f"images/{n}.png", data + str(n).encode())
    return number


def measure(client: httpx2.Client, archive: Path, pids: dict[str, int]) -> dict[str, float]:
    """Megabytes of each process and seconds after each step."""
    found = {f"{name}_rest_mb": resident_mb(pid) for name, pid in pids.items()}
    began = time.monotonic()

    def note(step: str, answer: httpx2.Response) -> dict[str, str]:
        nonlocal began
        answer.raise_for_status()
        found[f"{step}_s"] = time.monotonic() - began
        found.update({f"{name}_{step}_mb": resident_mb(pid, "VmHWM") for name, pid in pids.items()})
        sizes = ", ".join(f"{name} {found[f'{name}_{step}_mb']:.0f} MB" for name in pids)
        print(f"{step}: {found[f'{step}_s']:.0f} s, {sizes}", flush=True)
        began = time.monotonic()
        return answer.json()

    with archive.open("rb") as file:
        upload = note("upload", client.post("/api/uploads", files={"file": ("catalog.zip", file)}))["upload"]
    note("check", client.post("/api/jobs", params={"dry_run": True}, json={"upload": upload}))
    note("job", client.post("/api/jobs", json={"upload": upload}))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--proxy", action="store_true", help="through Caddy")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-large-") as name, ExitStack() as undo:
        folder = Path(name)
        archive = folder / "catalog.zip"
        number = write_archive(archive, asked.gigabytes)
        print(f"{number} pictures, {archive.stat().st_size / 1e9:.2f} GB", flush=True)
        settings, process, url = undo.enter_context(running_gateway(folder))
        pids, verify = {"gateway": process.pid}, True
        if asked.proxy:
            ports = (settings.gateway_port, settings.gateway_port)
            proxy = undo.enter_context(running_proxy("caddy", folder / "proxy", ports, max_upload="4GB"))
            pids["proxy"], url, verify = proxy.child.pid, proxy.url, proxy.context
        headers = {"Authorization": bearer(settings)}
        client = httpx2.Client(base_url=url, headers=headers, timeout=3600, verify=verify)
        found = measure(undo.enter_context(client), archive, pids)
        rest = (f"{name} {found[f'{name}_rest_mb']:.0f} MB" for name in pids)
        print(f"at rest: {', '.join(rest)}")
    if asked.json:
        print(json.dumps({key: round(value, 1) for key, value in found.items()}))


if __name__ == "__main__":
    main()
