"""Memory of the gateway while a large ZIP file is uploaded and a job is made of it.

    python bench/large_upload.py [--gigabytes 2]

A stack of its own runs in a temporary folder. The ZIP file has 5 MB PNG pictures of noise; it is checked and
submitted with a catalog of one row each. Printed is the most that the gateway's process held (VmHWM of Linux)
after each step, without its decoder processes, and how long each step took.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.gateways import running_gateway, token

if TYPE_CHECKING:
    from tests.support.gateways import RunningGateway

SIDE = 1300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-large-") as name:
        archive = Path(name) / "catalog.zip"
        number = write_archive(archive, asked.gigabytes)
        print(f"{number} pictures, {archive.stat().st_size / 1e9:.2f} GB")
        with running_gateway(Path(name) / "stack") as gateway:
            measure(gateway, archive)


def write_archive(path: Path, gigabytes: float) -> int:
    """How many pictures it has."""
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=1)
    data = file.getvalue()
    number = round(gigabytes * 1e9 / len(data))
    with zipfile.ZipFile(path, "w") as archive:
        rows = "".join(f"{n},images/{n}.png,Make the picture brighter\n" for n in range(number))
        archive.writestr("catalog.csv", f"id,image,instruction\n{rows}")
        for n in range(number):
            # Bytes behind the end of a PNG file are allowed: each picture has another hash.
            archive.writestr(f"images/{n}.png", data + str(n).encode())
    return number


def measure(gateway: RunningGateway, archive: Path) -> None:
    pid = process_of(gateway.settings.gateway_port)
    bearer = {"Authorization": f"Bearer {token(gateway.settings)}"}
    with httpx2.Client(base_url=gateway.url, headers=bearer, timeout=3600) as client:
        print(f"at rest: {memory(pid)} MB")
        began = time.monotonic()
        with archive.open("rb") as file:
            upload = (
                client.post("/api/uploads", files={"file": ("catalog.zip", file)}).raise_for_status().json()
            )
        print(f"uploaded ({upload['files']} files): {memory(pid)} MB, {time.monotonic() - began:.0f} s")
        for query in ("?dry_run=true", ""):
            began = time.monotonic()
            answer = client.post(f"/api/jobs{query}", json={"upload": upload["upload"]}).raise_for_status()
            rows = answer.json()["estimate"]["rows"]
            print(f"jobs{query} ({rows} rows): {memory(pid)} MB, {time.monotonic() - began:.0f} s")


def memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) // 1000


def process_of(port: int) -> int:
    """The one that runs uvicorn with this port."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if b"uvicorn" in words and str(port).encode() in words:
            return int(path.parent.name)
    raise SystemExit(f"no gateway on port {port}")


if __name__ == "__main__":
    main()
