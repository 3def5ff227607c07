"""Memory of the gateway while a ZIP of 2 GB is uploaded: `POST /api/uploads`, sent as fast as it is taken.

The ZIP holds JPEG files of noise and one catalog. --proxy sends it through the Caddy of deploy/proxy.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
import threading
import time
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from gateway_load import bearer, resident_mb, running_gateway
from PIL import Image

from tests.support.proxies import running_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUNDARY = "qie-batch-bench"
CHUNK_BYTES = 1 << 20


def write_zip(path: Path, gigabytes: float) -> int:
    """Of images of about 8 MB each, every one with other bytes; their number."""
    noise = random.Random(0)
    side = 2048
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), noise.randbytes(side * side * 3)).save(buffer, "JPEG", quality=96)
    image = buffer.getvalue()
    number = max(1, round(gigabytes * 1e9 / len(image)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        lines = [f"sku-{index},{index}.jpg,make it brighter" for index in range(number)]
        archive.writestr("catalog.csv", "\n".join(["id,image,instruction", *lines, ""]))
        for index in range(number):
            # Bytes behind the end of a JPEG belong to no pixel.
            archive.writestr(f"{index}.jpg", image + index.to_bytes(4, "big"))
    return number


def form(path: Path) -> Iterator[bytes]:
    """A multipart body with the file, a part at a time."""
    yield (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        "Content-Type: application/zip\r\n\r\n"
    ).encode()
    with path.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            yield part
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


class Peak:
    """The most memory of each process, looked at twenty times a second."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self.megabytes = dict.fromkeys(pids, 0.0)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_over.wait(0.05):
            for name, pid in self._pids.items():
                self.megabytes[name] = max(self.megabytes[name], resident_mb(pid))

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()


def measure(folder: Path, archive: Path, *, through_proxy: bool) -> dict[str, float]:
    with running_gateway(folder) as (settings, process, base), ExitStack() as undo:
        url, pids, verify = base, {"gateway": process.pid}, True
        if through_proxy:
            ports = (settings.gateway_port, settings.gateway_port)
            proxy = undo.enter_context(running_proxy("caddy", folder / "proxy", ports, max_upload="4GB"))
            pids["proxy"], url, verify = proxy.child.pid, proxy.url, proxy.context
        headers = {
            "Authorization": bearer(settings),
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        before = resident_mb(process.pid)
        peak = Peak(pids)
        began = time.monotonic()
        answer = httpx2.post(
            f"{url}/api/uploads", content=form(archive), headers=headers, timeout=1800, verify=verify
        )
        seconds = time.monotonic() - began
        peak.stop()
        assert answer.status_code == 201, answer.text[:500]
        found = {"before_mb": before, "peak_mb": peak.megabytes["gateway"], "seconds": seconds}
        if through_proxy:
            found["proxy_peak_mb"] = peak.megabytes["proxy"]
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--proxy", action="store_true", help="through Caddy")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qie-upload-") as name:
        folder = Path(name)
        archive = folder / "catalog.zip"
        images = write_zip(archive, arguments.gigabytes)
        size = archive.stat().st_size
        found = measure(folder, archive, through_proxy=arguments.proxy)
    proxy = f", of the proxy {found['proxy_peak_mb']:.0f} MB" if arguments.proxy else ""
    print(
        f"{size / 1e9:.2f} GB with {images} images in {found['seconds']:.0f} s: memory of the gateway"
        f" {found['before_mb']:.0f} MB before, {found['peak_mb']:.0f} MB at most{proxy}"
    )
    if arguments.json:
        print(json.dumps({"gigabytes": size / 1e9, **{key: round(value, 1) for key, value in found.items()}}))


if __name__ == "__main__":
    main()
