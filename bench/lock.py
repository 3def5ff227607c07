"""Whether locked pixels are those of the input, every one, in the file that is stored, and what a lock costs.

    python bench/lock.py [--number 100] [--side 1024] [--json]

Packshots and drawn products get another backdrop, are painted anew and moved by up to 3 %; then they are
moved back and locked under their true cover, encoded as PNG and decoded. Beside the kept pixels that differ:
how far the seam is from the product on the new backdrop as it would be without an edit (mean of levels).
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from planted.folders import add_folders
from planted.material import BACKDROPS, Material, levels
from planted.moving import Motion, moved, over
from planted.repainting import repainted

from qie_batch.images import decode, encode
from qie_batch.model import OutputFormat
from qie_batch.vision.arrays import shrunk
from qie_batch.vision.lock import put_back
from qie_batch.vision.registration import SIDE, corrected, register


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--number", type=int, default=100, metavar="N", help="results that are locked")
    add("--side", type=int, default=1024, metavar="PX", help="longer side of every image")
    add_folders(parser)
    add("--sheet", type=Path, metavar="FILE", help="write an image of some: input, edit, locked")
    add("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


def locked(material: Material, rng: np.random.Generator) -> tuple[dict[str, float], np.ndarray]:
    scene = material.scene(rng)
    backdrop = np.array(BACKDROPS[rng.integers(len(BACKDROPS))], np.float32)
    behind = np.broadcast_to(backdrop, scene.pixels.shape)
    wanted = levels(over(scene.cover, scene.product, behind))
    motion = Motion(
        zoom=rng.uniform(0.97, 1.03),
        degrees=rng.uniform(-1, 1),
        shift=(rng.uniform(-6, 6), rng.uniform(-6, 6)),
    )
    edited = repainted(levels(over(moved(scene.cover, motion), moved(scene.product, motion), behind)), rng)
    began = time.process_time()
    found = register(shrunk(scene.pixels, SIDE), shrunk(edited, SIDE), scene.pixels.shape[1::-1])
    still = corrected(edited, found) if found else edited
    out, kept = put_back(scene.pixels, still, scene.cover)
    spent = time.process_time() - began
    data, _kind = encode(Image.fromarray(out), OutputFormat.PNG, None, "fast")
    stored = np.asarray(decode(io.BytesIO(data).getvalue()))
    near = cv2.dilate(kept.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    seam = near & ~kept
    figures = {
        "kept": int(kept.sum()),
        "differ": int((stored[kept] != scene.pixels[kept]).any(axis=1).sum()),
        "seam": float(np.abs(out[seam].astype(int) - wanted[seam]).mean()) if seam.any() else 0.0,
        "ms": 1e9 * spent / kept.size,
    }
    return figures, np.hstack([scene.pixels, edited, out])


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    cv2.setNumThreads(1)
    material = Material(cache=arguments.cache, packshots=arguments.packshots, side=arguments.side)
    found, rows = [], []
    for index in range(arguments.number):
        figures, row = locked(material, np.random.default_rng((14, index)))
        found.append(figures)
        if arguments.sheet and len(rows) < 8:
            rows.append(cv2.resize(row, (1200, 400), interpolation=cv2.INTER_AREA))
    if rows:
        Image.fromarray(np.vstack(rows)).save(arguments.sheet)
    total = {
        "results": len(found),
        "kept_pixels": sum(each["kept"] for each in found),
        "kept_pixels_that_differ": sum(each["differ"] for each in found),
        "seam_levels": round(float(np.median([each["seam"] for each in found])), 2),
        "cpu_ms_per_megapixel": round(float(np.median([each["ms"] for each in found])), 1),
    }
    print(*(f"{name.replace('_', ' ')}: {value:,}" for name, value in total.items()), sep="\n")
    if arguments.json:
        print(json.dumps(total))


if __name__ == "__main__":
    main()
