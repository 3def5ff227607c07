"""Catalogs with images as programs send them to the gateway."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

HEADER = "id,image,instruction"
WHITE = "Make the picture brighter"


def png(colour: str = "red", size: tuple[int, int] = (96, 64)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def broken_png() -> bytes:
    """A whole file whose pixels are no compressed data, which only its decoder finds."""
    data = png()
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    pixels = b"IDAT" + b"x" * length
    return data[:start] + pixels + zlib.crc32(pixels).to_bytes(4, "big") + data[start + 8 + length :]


def csv(*rows: str) -> bytes:
    """With the header; a row is `id,image,instruction`."""
    return "\n".join((HEADER, *rows, "")).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def closed(client: httpx2.Client, job_id: str) -> dict[str, Any]:
    """The job once it is closed."""
    deadline = time.monotonic() + 60
    while (job := client.get(f"/api/jobs/{job_id}").json())["state"] != "closed":
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return job
