"""What it costs to read the rights of an input and to stamp a result: CPU of both processes, by format.

    python bench/provenance.py [--megapixels 1.5] [--times 100] [--json]

The image is a gradient with three levels of noise. `encode` is what encoding the same result costs.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from qie_batch.images import encode
from qie_batch.images.provenance import Stamping, claim
from qie_batch.images.sandbox import DecoderPool
from qie_batch.model import EditParams, EditSpec, OutputFormat

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = (OutputFormat.PNG, OutputFormat.JPEG, OutputFormat.WEBP)
SPEC = EditSpec(
    inputs=("00" * 32,), params=EditParams(instruction="make it red"), engine="qwen", revision="1"
)
ORIGIN = {
    "Xmp.dc.rights": {'lang="x-default"': "© 2026 Foto Meier"},
    "Xmp.dc.creator": ["Ines Meier"],
    "Xmp.photoshop.Credit": "Foto Meier",
    "Exif.Image.Copyright": "(c) Foto Meier",
    "Icc": "sRGB",
}


def image(megapixels: float) -> Image.Image:
    width = round((megapixels * 1e6 * 3 / 2) ** 0.5)
    height = round(megapixels * 1e6 / width)
    ramp = np.linspace(0, 255, width)[None, :, None].repeat(height, 0).repeat(3, 2)
    noise = np.random.default_rng(1).normal(0, 3, (height, width, 3))
    return Image.fromarray(np.clip(ramp + noise, 0, 255).astype(np.uint8))


def cpu_of_decoders(pool: DecoderPool) -> float:
    """Seconds, in ticks of 10 ms."""
    ticks = 0
    for process in pool._processes:  # noqa: SLF001 - no other way to their ids
        fields = Path(f"/proc/{process.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measured(times: int, run: Callable[[DecoderPool], object]) -> dict[str, float]:
    """In a pool of its own, whose process ends with it."""
    with DecoderPool() as pool:
        return _measured(pool, times, run)


def _measured(pool: DecoderPool, times: int, run: Callable[[DecoderPool], object]) -> dict[str, float]:
    run(pool)
    theirs, ours, began = cpu_of_decoders(pool), time.process_time(), time.perf_counter()
    for _ in range(times):
        run(pool)
    return {
        "cpu_ms": ((cpu_of_decoders(pool) - theirs) + (time.process_time() - ours)) * 1000 / times,
        "wall_ms": (time.perf_counter() - began) * 1000 / times,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megapixels", type=float, default=1.5)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    source = image(options.megapixels)
    fields = claim(SPEC, ORIGIN, Stamping(), generative=True)
    found = []
    print(f"{'':6} {'MiB':>6} {'encode':>8} {'stamp':>8} {'a MiB':>8} {'read':>8}   CPU in ms")
    for output in FORMATS:
        data, _ = encode(source, output)
        with DecoderPool() as pool:
            stamped = pool.with_fields(data, fields)
            assert pool.fields(stamped) == fields
        row = {
            "format": output,
            "mib": len(data) / 2**20,
            "added_bytes": len(stamped) - len(data),
            "encode": measured(max(1, options.times // 10), lambda _: encode(source, output)),  # noqa: B023
            "stamp": measured(options.times, lambda pool: pool.with_fields(data, fields)),  # noqa: B023
            "read": measured(options.times, lambda pool: pool.fields(stamped)),  # noqa: B023
        }
        found.append(row)
        stamp = row["stamp"]["cpu_ms"]
        print(
            f"{output:6} {row['mib']:6.2f} {row['encode']['cpu_ms']:8.1f} {stamp:8.2f}"
            f" {stamp / row['mib']:8.2f} {row['read']['cpu_ms']:8.2f}"
        )
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
