"""Counts what torch compiles for a catalog of mixed jobs, and what is computed for padding.

The tiny transformer with the engine's own loop, compiled as the engine compiles it, on the CPU; of the
published model each token stands for 16. Two catalogs: edits of about 1 MP, and of about 512 squared with
references as small, where both branches of the guidance share a forward and the shorter text is padded.

    graphs        what torch compiled, for all lengths of all jobs together; goal 8
    padded_flops  share of the transformer's floating-point operations that padding adds; goal 3 %
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import runpy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import QwenImageTransformer2DModel
from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_dimensions
from torch._dynamo.utils import counters

from qie_batch.engines.qwen.attention import choose_attention
from qie_batch.engines.qwen.compiling import CompiledBlocks
from qie_batch.engines.qwen.denoise import Prepared, Rungs, denoise
from qie_batch.engines.qwen.modulation import Modulation
from qie_batch.engines.qwen.options import BUCKETS
from qie_batch.engines.qwen.presets import BUILT_IN
from qie_batch.engines.qwen.schedule import Schedule

TINY = Path(__file__).parents[1] / "tests" / "support" / "tiny_qwen.py"
#: Pixels of a token's side, and tokens of the published model that it stands for.
SIDE, STANDS_FOR = 64, 16
#: Tokens of the chat template, and of one image as the text encoder sees it (384 squared, 28 pixels a side).
TEMPLATE, SEEN = 20, 190
WIDTH = 3072
#: As the engine has it.
MOST_TOKENS_AT_ONCE = 2560


@dataclass(frozen=True, slots=True)
class Job:
    lora: str
    guided: bool
    #: (1, rows, columns) of the output, then of each reference.
    grids: tuple[tuple[int, int, int], ...]
    #: Tokens of the instruction and of the negative text, both with the images.
    texts: tuple[int, int]


def make_jobs(count: int, side: int) -> list[Job]:
    """Ten sizes, one to three references of any ratio from 1:3 to 3:1, all presets, short and long texts."""
    drawn = random.Random(side)
    jobs = []
    for _ in range(count):
        preset = drawn.choice(list(BUILT_IN.values()))
        references = drawn.choice((1, 1, 1, 2, 3))
        sizes = [
            tuple(length * side // 1024 for length in drawn.choice(BUCKETS)),
            *(calculate_dimensions(side * side, 3 ** drawn.uniform(-1, 1)) for _ in range(references)),
        ]
        images = TEMPLATE + SEEN * references
        written = min(1024, round(drawn.lognormvariate(3.4, 0.8)))
        unwanted = drawn.choice((1, 1, 1, 12, 40))
        jobs.append(
            Job(
                lora=preset.lora,
                guided=preset.cfg > 1,
                grids=tuple((1, max(1, height // SIDE), max(1, width // SIDE)) for width, height in sizes),
                texts=(images + written, images + unwanted),
            )
        )
    return jobs


def flops(tokens: int) -> float:
    """Of one block of the published model and one edit: the linear layers, then attention."""
    return 24.0 * WIDTH**2 * tokens + 4.0 * WIDTH * tokens**2


class Catalog:
    """Runs jobs through the loop; of what reaches the blocks it counts lengths and operations."""

    def __init__(self, transformer: Any) -> None:
        self.executed = self.needed = 0.0
        self.lengths: set[tuple[int, ...]] = set()
        self._transformer = transformer
        self._modulation = Modulation(transformer)
        self._texts: list[tuple[int, int]] = []
        transformer.txt_in.register_forward_pre_hook(lambda _, given: self._texts.append(given[0].shape[:2]))

    def run(self, job: Job) -> None:
        switch(self._transformer, job.lora)
        image = sum(rows * columns for _, rows, columns in job.grids)
        texts = [-(-length // STANDS_FOR) for length in (job.texts if job.guided else job.texts[:1])]
        self._texts.clear()
        denoise(
            self._transformer,
            [self._prepared(job, texts)],
            Schedule(key=2, timesteps=torch.tensor([1000.0, 500.0]), deltas=torch.tensor([-0.5, -0.5])),
            4.0,
            Rungs(
                cfg_batch=STANDS_FOR * image <= MOST_TOKENS_AT_ONCE,
                modulation=self._modulation,
                weights=job.lora,
                real_positions=True,
            ),
            lambda _step: None,
        )
        self.needed += sum(flops(STANDS_FOR * (image + text)) for text in texts)
        for batch, longest in self._texts:
            self.executed += batch * flops(STANDS_FOR * (image + longest))
            self.lengths.add((batch, image, longest))

    def _prepared(self, job: Job, texts: list[int]) -> Prepared:
        _, rows, columns = job.grids[0]
        references = sum(rows * columns for _, rows, columns in job.grids[1:])
        encoded = [torch.randn(1, text, self._transformer.config.joint_attention_dim) for text in texts]
        return Prepared(
            noise=torch.randn(1, rows * columns, 64),
            references=torch.randn(1, references, 64),
            grids=job.grids,
            positive=encoded[0],
            negative=encoded[1] if job.guided else None,
        )


def make_transformer() -> Any:
    """Tiny, with both LoRAs of Lightning beside the weights, and with the engine's rungs."""
    torch.manual_seed(0)
    tiny = runpy.run_path(str(TINY))
    transformer = QwenImageTransformer2DModel(**tiny["TRANSFORMER"])
    for seed, lora in enumerate(sorted({preset.lora for preset in BUILT_IN.values()} - {""})):
        transformer.load_lora_adapter(tiny["peft_weights"](seed), adapter_name=lora, prefix=None)
    transformer.requires_grad_(False)  # noqa: FBT003 - torch's own form
    choose_attention(transformer, "auto")
    CompiledBlocks(transformer)
    return transformer


def switch(transformer: Any, lora: str) -> None:
    if not lora:
        transformer.disable_lora()
        return
    transformer.enable_lora()
    transformer.set_adapters([lora])
    transformer.requires_grad_(False)  # noqa: FBT003 - torch's own form


def measure(jobs: int) -> dict[str, Any]:
    transformer = make_transformer()
    figures: dict[str, Any] = {"jobs": jobs, "graph_breaks": 0}
    began = time.monotonic()
    for name, side in (("1mp", 1024), ("512", 512)):
        catalog = Catalog(transformer)
        with torch.no_grad():
            for job in make_jobs(jobs, side):
                catalog.run(job)
        figures |= {
            f"graphs_{name}": counters["stats"]["unique_graphs"] - figures.get("graphs_1mp", 0),
            f"lengths_{name}": len(catalog.lengths),
            f"padded_flops_{name}": round(catalog.executed / catalog.needed - 1, 4),
        }
    figures["graph_breaks"] = sum(counters["graph_break"].values())
    figures["seconds"] = round(time.monotonic() - began, 1)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="of each catalog")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    logging.getLogger("torch").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    figures = measure(arguments.jobs)
    for name, figure in figures.items():
        print(f"{name:20} {figure:>10}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
