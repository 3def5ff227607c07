"""How exactly a known zoom, shift or rotation is found beside an edit, and what is left after its correction.

    python bench/registration.py [--number 100] [--side 1024] [--json]

For each edit (another backdrop, another colour, another light) and each motion: motions that were not found,
the error in pixels (root mean square over the product, which is what is left when `corrected` has moved the
result back), and the CPU. Cases are those of planted/drift.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib

import cv2
import numpy as np
from planted.drift import MOTIONS, still
from planted.folders import add_folders
from planted.material import Material
from planted.moving import EDITS

from qie_batch.vision.arrays import shrunk
from qie_batch.vision.registration import SIDE, register


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--number", type=int, default=100, metavar="N", help="cases of each kind")
    add("--side", type=int, default=1024, metavar="PX", help="longer side of every case")
    add_folders(parser)
    add("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args(words)


def errors_of(edit: str, name: str, number: int, material: Material) -> tuple[list[float], list[float]]:
    """Pixels of each case, infinite where nothing was found; CPU milliseconds a megapixel."""
    errors, spent = [], []
    for index in range(number):
        rng = np.random.default_rng((zlib.crc32(f"{edit} {name}".encode()), index))
        motion = {**MOTIONS, "still": still}[name](rng)
        moving = EDITS[edit](material, motion, rng)
        before, after = moving.case.before, moving.case.after
        began = time.process_time()
        found = register(shrunk(before, SIDE), shrunk(after, SIDE), before.shape[1::-1])
        spent.append(1e9 * (time.process_time() - began) / before[..., 0].size)
        errors.append(_error(found.matrix, motion.matrix(before.shape), moving.product) if found else np.inf)
    return errors, spent


def _error(found: np.ndarray, true: np.ndarray, points: np.ndarray) -> float:
    miss = points @ (found[:, :2] - true[:, :2]).T + found[:, 2] - true[:, 2]
    return float(np.sqrt((miss**2).sum(axis=1).mean()))


def main() -> None:
    arguments = arguments_of(sys.argv[1:])
    cv2.setNumThreads(1)
    material = Material(cache=arguments.cache, packshots=arguments.packshots, side=arguments.side)
    everything: list[float] = []
    cpu: list[float] = []
    print(f"{'':44}{'lost':>5}{'median':>9}{'95 %':>8}{'worst':>8}   px")
    for edit in EDITS:
        for name in (*MOTIONS, "still"):
            errors, spent = errors_of(edit, name, arguments.number, material)
            _print(f"{name}, another {edit}", errors)
            everything += errors
            cpu += spent
    _print("all", everything)
    print(f"{np.median(cpu):.0f} ms of CPU a megapixel")
    if arguments.json:
        finite = [error for error in everything if np.isfinite(error)]
        print(
            json.dumps(
                {
                    "cases": len(everything),
                    "lost": len(everything) - len(finite),
                    "median_px": float(np.median(finite)),
                    "p95_px": float(np.quantile(finite, 0.95)),
                    "over_0.3_px": sum(error > 0.3 for error in everything),
                    "cpu_ms_per_megapixel": float(np.median(cpu)),
                }
            )
        )


def _print(name: str, errors: list[float]) -> None:
    finite = [error for error in errors if np.isfinite(error)] or [np.inf]
    figures = f"{np.median(finite):9.3f}{np.quantile(finite, 0.95):8.3f}{max(finite):8.2f}"
    print(f"{name:<44}{len(errors) - len([e for e in errors if np.isfinite(e)]):>5}{figures}", flush=True)


if __name__ == "__main__":
    main()
