"""The share of time that the device is busy while other threads decode and encode images."""

from __future__ import annotations

import io
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from kernels import profile
from PIL import Image
from subjects import Job

if TYPE_CHECKING:
    from subjects import Form, Subjects

#: Edits ahead of the device whose images are decoded, as a worker has them.
_AHEAD = 2


def busy_share(form: Form, subjects: Subjects, edits: int) -> dict[str, Any]:
    """Seconds of kernels over the wall time of edits of different JPEG files; without a device, of phases.

    The phases of an edit include what the device waits for between them.
    """
    job = Job(side=subjects.side, preset="four")
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(4) as pool:
        folder = Path(name)
        for index in range(edits):
            _photograph(index, subjects.side).save(folder / f"{index}.jpg", quality=95)
        form.edit(job)
        kernels = profile(lambda: form.edit(replace(job, seed=1)), subjects.device)["seconds"]
        waiting = [pool.submit(_decode, folder / f"{index}.jpg") for index in range(min(_AHEAD, edits))]
        written, busy, start = [], 0.0, time.perf_counter()
        for index in range(edits):
            image = waiting.pop(0).result()
            if index + _AHEAD < edits:
                waiting.append(pool.submit(_decode, folder / f"{index + _AHEAD}.jpg"))
            request = replace(job.request(), images=(image,))
            result = form.engine.edit(request, lambda _step: None)
            busy += sum(result.phases.values())
            written.append(pool.submit(_encode, result.image, folder / f"{index}.png"))
        sizes = [each.result() for each in written]
        seconds = time.perf_counter() - start
    duty = kernels * edits / seconds if subjects.device == "cuda" else busy / seconds
    return {
        "duty": duty,
        "share_of_phases": busy / seconds,
        "kernel_seconds": kernels,
        "edits": edits,
        "seconds": seconds,
        "png_bytes": sum(sizes) / edits,
    }


def _photograph(seed: int, side: int) -> Image.Image:
    """Smooth shapes with the noise of a sensor."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (8, 8, 3), np.uint8)
    smooth = np.asarray(
        Image.fromarray(coarse).resize((side * 5 // 4, side * 5 // 4), Image.Resampling.BICUBIC)
    )
    noise = random.normal(0, 4, smooth.shape)
    return Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8))


def _decode(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _encode(image: Image.Image, path: Path) -> int:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return path.write_bytes(buffer.getvalue())
