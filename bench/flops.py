"""Floating-point operations that the engine executes for a catalog, over those that its edits need.

The published configuration on the meta device, behind the engine's own code; a catalog in which images are
edited several times, rows come twice, and a process is killed in the middle of an edit now and then. Without
data there is no step cache that looks: its preset has a fixed mask, and `fast` and `draft` lack their LoRA.

    ratio            without the cache of embeddings and latents; goal 1.05
    ratio_with_memo  as the engine runs by default; goal 1.01
    ratio_stock      the stock pipeline called for each row, for comparison
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import torch
from counting.catalog import OWN_PRESETS, make_catalog
from counting.meter import Meter
from counting.model import build_counted, open_counted
from counting.needed import Needed

from qie_batch.engines.qwen import QwenOptions
from qie_batch.engines.qwen.options import RUNGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from counting.catalog import Row

    from qie_batch.engines.qwen.editing import QwenEngine


class Killed(Exception):
    pass


def options(*, memo: bool) -> QwenOptions:
    return QwenOptions(
        model="random",
        revision="2509",
        device="cpu",
        dtype="bfloat16",
        presets=OWN_PRESETS,
        rungs_off=("compile",) if memo else ("compile", "memo"),
        rungs_on=RUNGS,
    )


def run_engine(rows: Sequence[Row], prices: dict[Any, Any], *, memo: bool) -> Counter[str]:
    """What a worker executes, by preset, for each distinct row; where a row says so, it is killed halfway."""
    meter, spent = Meter(prices), Counter[str]()
    chosen = options(memo=memo)
    engine, done = open_counted(meter, chosen), set()
    for row in rows:
        if row.spec.cache_key in done:
            continue
        before = meter.flops
        if row.killed:
            kill_halfway(meter, engine, row)
            engine = open_counted(meter, chosen)
        with meter.counting():
            engine.edit(row.request, lambda _step: None)
        done.add(row.spec.cache_key)
        spent[row.request.params.preset] += meter.flops - before
    return spent


def kill_halfway(meter: Meter, engine: QwenEngine, row: Row) -> None:
    steps = engine.info.presets[row.request.params.preset].steps

    def die(step: int) -> None:
        if step >= steps // 2:
            raise Killed

    try:
        with meter.counting():
            engine.edit(row.request, die)
    except Killed:
        return
    raise AssertionError("the edit ended before it could be killed")


def run_stock(rows: Sequence[Row]) -> Counter[str]:
    """The stock pipeline, once for each row; it has no step cache."""
    meter, spent = Meter(), Counter[str]()
    pipe = build_counted(meter, stock=True)
    presets = options(memo=False).all_presets
    for row in rows:
        params = row.request.params
        preset, before = presets[params.preset], meter.flops
        with meter.counting():
            pipe(
                image=list(row.request.images),
                prompt=params.instruction,
                negative_prompt=params.negative if preset.cfg > 1 else None,
                true_cfg_scale=preset.cfg,
                num_inference_steps=preset.steps,
                width=row.request.width,
                height=row.request.height,
                generator=torch.Generator("cpu").manual_seed(0),
                output_type="np",
            )
        spent[preset.name] += meter.flops - before
    return spent


def compared(name: str, run: Callable[[], Counter[str]], needed: Counter[str]) -> dict[str, Any]:
    """FLOPs over those needed, in all and by preset."""
    start = time.perf_counter()
    spent = run()
    ratio = spent.total() / needed.total()
    presets = {preset: spent[preset] / needed[preset] for preset in needed}
    columns = "".join(f"{presets[preset]:11.4f}" for preset in needed)
    print(f"{name:40}{spent.total() / 1e15:9.2f}{ratio:11.4f}{columns}  {time.perf_counter() - start:5.0f} s")
    return {"ratio": ratio, "presets": presets}


def measure(rows: Sequence[Row], *, stock: bool) -> dict[str, Any]:
    needed = Needed(options(memo=True).all_presets)
    needed.add(rows)
    total = needed.presets.total()
    for part, flops in needed.parts.items():
        print(f"needed by the {part:12} {flops / 1e15:9.2f} PFLOP {flops / total:8.2%}")
    print(f"\n{'':40}{'PFLOP':>9}{'ratio':>11}{''.join(f'{preset:>11}' for preset in needed.presets)}")
    print(f"{'needed':40}{total / 1e15:9.2f}{1:11.4f}")
    prices: dict[Any, Any] = {}
    ways: dict[str, tuple[str, Callable[[], Counter[str]]]] = {
        "ratio": ("engine, without the cache of embeddings", lambda: run_engine(rows, prices, memo=False)),
        "ratio_with_memo": ("engine", lambda: run_engine(rows, prices, memo=True)),
    }
    if stock:
        ways["ratio_stock"] = ("stock pipeline, each row", lambda: run_stock(rows))
    found = {key: compared(name, run, needed.presets) for key, (name, run) in ways.items()}
    distinct, killed = len({row.spec.cache_key for row in rows}), sum(row.killed for row in rows)
    print(f"\n{len(rows)} rows, {distinct} distinct edits, {killed} killed halfway")
    return {
        **{key: each["ratio"] for key, each in found.items()},
        "by_preset": {key: each["presets"] for key, each in found.items()},
        "rows": len(rows),
        "edits": distinct,
        "killed": killed,
        "needed": total,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--stock", action="store_true", help="the stock pipeline, too, which takes longest")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # of the libraries
    report = measure(make_catalog(arguments.rows), stock=arguments.stock)
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
