"""Time and memory of one edit of 12 megapixels, each in a process of its own.

As a program: path of an image and an instruction; prints milliseconds and bytes, or the code of a refusal.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.images import decode
from qie_batch.model import EditParams, EditRequest
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

MEGAPIXELS = 12
REPEATS = 3
#: Operation -> photograph and instruction.
EDITS = {
    "background": ("vendure/nikolai-chernichenko-1299748-unsplash.jpg", "make the background light blue"),
    "recolour": ("xzoom/02_o_car.jpg", "change the orange car to blue"),
}


def measure(cache: Path, scratch: Path) -> dict[str, Any]:
    found = {}
    for name, (photo, instruction) in EDITS.items():
        path = scratch / f"{name}.jpg"
        with Image.open(cache / photo) as image:
            scale = (MEGAPIXELS * 1e6 / (image.width * image.height)) ** 0.5
            size = (round(image.width * scale), round(image.height * scale))
            image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, quality=92)
        command = [sys.executable, __file__, str(path), instruction]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


def text(figure: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{name}: refused, {found['code']}"
        if "code" in found
        else f"{name}: {found['ms']:.0f} ms and {found['mb']:.0f} MB a megapixel"
        for name, found in figure.items()
    )


def one_edit(path: Path, instruction: str) -> dict[str, Any]:
    """The memory is the peak of the first edit above what the process has with the decoded image."""
    engine = wiring.InstalledEngines(Settings()).create("classic")
    _edit(engine, Image.new("RGB", (64, 64)), "make it brighter")
    image = decode(path.read_bytes())
    megapixels = image.width * image.height / 1e6
    _forget_peak()
    before, times = _kilobytes("VmRSS"), []
    for number in range(REPEATS):
        began = time.perf_counter()
        try:
            _edit(engine, image, instruction)
        except QieError as error:
            return {"code": str(getattr(error, "code", error))}
        times.append(time.perf_counter() - began)
        if not number:
            peak = _kilobytes("VmHWM")
    return {
        "ms": round(1000 * statistics.median(times) / megapixels, 1),
        "mb": round((peak - before) / 1024 / megapixels, 1),
        "megapixels": round(megapixels, 2),
    }


def _edit(engine: Any, image: Image.Image, instruction: str) -> None:
    params = EditParams(instruction=instruction)
    engine.edit(
        EditRequest(images=(image,), params=params, width=image.width, height=image.height),
        lambda _step: None,
    )


def _forget_peak() -> None:
    """The highest memory of this process counts from now on; Linux only."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        sys.exit(f"/proc/self/status has no {name}")
    return int(found[1])


if __name__ == "__main__":
    print(json.dumps(one_edit(Path(sys.argv[1]), sys.argv[2])))
