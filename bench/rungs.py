"""Compares each rung alone with the engine without any, on the tiny model and this machine's processor.

What a rung is worth on a GPU is for bench/gpu/ladder.py to say: here the pictures are what counts, and that
no rung costs more than its arithmetic. Each pair of engines edits the same rows in turns: without the rung,
with it, with it, without. `compile` takes a minute to compile.

    difference  largest difference of a channel, of 255
    psnr        in dB; none where no bit differs
    ratio       seconds without the rung over seconds with it, medians
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import runpy
import statistics
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from PIL import Image

from qie_batch.engines.qwen import QwenOptions, open_engine
from qie_batch.engines.qwen.options import RUNGS
from qie_batch.model import EditParams, EditRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.interfaces import Engine

TINY = Path(__file__).parents[1] / "tests" / "support" / "tiny_qwen.py"
SIDE, STEPS = 128, 4
#: Small enough for both branches of the guidance, and several edits, in one forward.
SMALL = {"edit_side": 512, "reference_side": 512}
#: Steps of which two of three are computed: random weights say nothing of a threshold.
MASK = "110"
STEP_CACHE = "step_cache"


def rows(preset: str) -> list[EditRequest]:
    """Four edits of one image."""
    image = Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    texts = ("make it red", "paint the background blue", "remove the table", "add some snow to the scene")
    return [
        EditRequest(
            images=(image,),
            params=EditParams(
                instruction=text, negative="blurred", preset=preset, steps=6, cfg=4.0, seed=seed
            ),
            width=SIDE,
            height=SIDE,
        )
        for seed, text in enumerate(texts)
    ]


def run(engine: Engine, requests: Sequence[EditRequest]) -> tuple[float, np.ndarray[Any, Any]]:
    """Seconds of all edits, as many at a time as the engine takes, and their pixels."""
    began = time.perf_counter()
    with ThreadPoolExecutor(engine.info.concurrency) as pool:
        results = list(pool.map(lambda request: engine.edit(request, lambda _step: None), requests))
    seconds = time.perf_counter() - began
    return seconds, np.stack([np.asarray(result.image, dtype=np.float64) for result in results])


def compare(without: Engine, with_it: Engine, preset: str, rounds: int) -> dict[str, float | None]:
    plain, other = rows("reference"), rows(preset)
    _, expected = run(without, plain)
    _, painted = run(with_it, other)  # compiles, and fills what is remembered
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for on in (False, True, True, False):
            took, pixels = run(with_it if on else without, other if on else plain)
            seconds[on].append(took)
            if np.abs(pixels - (painted if on else expected)).max() > 1:  # a batch rounds by its size
                raise SystemExit("an engine paints the same row in two ways")
    error = float(np.mean((painted - expected) ** 2))
    return {
        "difference": float(np.abs(painted - expected).max()),
        "psnr": round(10 * math.log10(255**2 / error), 1) if error else None,
        "ratio": round(statistics.median(seconds[False]) / statistics.median(seconds[True]), 2),
    }


def measure(names: Sequence[str], weights: Path, rounds: int) -> dict[str, dict[str, float | None]]:
    options = QwenOptions(
        model=str(weights),
        revision="tiny",
        device="cpu",
        dtype="float32",
        presets={STEP_CACHE: {"cache": {"first": 1, "mask": MASK}}},
        rungs_off=RUNGS,
        **SMALL,
    )
    without = open_engine(options)
    found = {}
    for name in names:
        others = tuple(rung for rung in RUNGS if rung != name)
        with_it = open_engine(replace(options, rungs_off=others, rungs_on=(name,)))
        preset = STEP_CACHE if name == STEP_CACHE else "reference"
        found[name] = compare(without, with_it, preset, rounds)
        print(f"{name:14}", *(f"{key} {value!s:8}" for key, value in found[name].items()), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rungs", default=",".join((*RUNGS, STEP_CACHE)), help="names, with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    pipeline_qwenimage_edit_plus.VAE_IMAGE_SIZE = (2 * SIDE) ** 2  # a quarter of it at the half side
    pipeline_qwenimage_edit_plus.CONDITION_IMAGE_SIZE = 112**2
    with tempfile.TemporaryDirectory() as folder:
        weights = runpy.run_path(str(TINY))["build"](Path(folder))
        found = measure(arguments.rungs.split(","), weights, arguments.rounds)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
