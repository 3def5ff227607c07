"""Rungs that load weights from disk, each in a process of its own: the start, and the memory of each plan.

As a program: opens the engine on FOLDER, runs one edit, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.engines.qwen.plans import CONTEXT, PLANS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: With weights on disk, the folder is used again by the next call.
FOLDER = Path(tempfile.gettempdir()) / "qie-ladder-weights"
_COMPONENTS = {
    "transformer": ("diffusers", "QwenImageTransformer2DModel"),
    "text_encoder": ("transformers", "Qwen2_5_VLForConditionalGeneration"),
    "vae": ("diffusers", "AutoencoderKLQwenImage"),
    "scheduler": ("diffusers", "FlowMatchEulerDiscreteScheduler"),
    "tokenizer": ("transformers", "Qwen2Tokenizer"),
    "processor": ("transformers", "Qwen2VLProcessor"),
}
_FULL_BYTES = 58e9
#: Bytes of the smallest device that is sold with each size, as its driver reports them.
CARDS = {"80gb": 84.9e9, "48gb": 47.6e9, "40gb": 42.3e9, "32gb": 33.6e9, "24gb": 23.6e9, "16gb": 16.7e9}


def write_weights(device: str, *, tiny: bool) -> Path:
    """Random weights in the published layout; written once."""
    folder = FOLDER.with_name(f"{FOLDER.name}{'-tiny' * tiny}")
    index = folder / "model_index.json"
    if index.is_file():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not tiny and shutil.disk_usage(folder).free < _FULL_BYTES:
        raise OSError(f"{folder} has no {_FULL_BYTES / 1e9:.0f} GB free for the weights")
    import torch  # noqa: PLC0415 - the child measures its import
    from full_size import build_pipeline  # noqa: PLC0415 - likewise

    pipe = build_pipeline(device, torch.float32 if tiny else torch.bfloat16, tiny=tiny)
    for name in _COMPONENTS:
        if name != "processor":
            getattr(pipe, name).save_pretrained(folder / name)
    pipe.processor.image_processor.save_pretrained(folder / "processor")
    pipe.tokenizer.save_pretrained(folder / "processor")
    # Last, so that a folder with it is whole.
    index.write_text(json.dumps({"_class_name": "QwenImageEditPlusPipeline", **_COMPONENTS}))
    del pipe
    free(device)
    return folder


def free(device: str) -> None:
    """Give what this process no longer uses back to the device, for the next process."""
    import torch  # noqa: PLC0415 - the child measures its import

    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()


def start(device: str, *, tiny: bool, until: float) -> dict[str, Any]:
    """From the start of a process to the end of its first step, with files that the page cache holds."""
    folder = write_weights(device, tiny=tiny)
    runs = [_open(folder, device, tiny=tiny, until=until) for _ in range(2)]
    return {"first": runs[0], "second": runs[1], "seconds": runs[1]["first_step"], "goal": 15.0}


def _open(folder: Path, device: str, *, tiny: bool, until: float, more: Sequence[str] = ()) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--device", device, "--began", str(time.time()), *more]
    timeout = max(60.0, until - time.monotonic())
    done = subprocess.run(
        [*command, *(["--tiny"] if tiny else [])],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    figures: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return figures


def plan(name: str) -> Callable[..., dict[str, Any]]:
    """Peak memory in an edit of three images, the allocator limited to the card that the plan is for."""
    card = CARDS[name.partition("-")[0]]
    more = ("--plan", name, "--limit", str(card - CONTEXT), "--images", "3")

    def measure(device: str, *, tiny: bool, until: float) -> dict[str, Any]:
        figures = _open(write_weights(device, tiny=tiny), device, tiny=tiny, until=until, more=more)
        if taken := figures.get("peak_bytes"):
            figures["spare"] = 1 - (taken + CONTEXT) / card
        return figures

    return measure


FROM_DISK: dict[str, Callable[..., dict[str, Any]]] = {
    "start": start,
    **{f"plan_{name}": plan(name) for name in PLANS},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--plan", default="auto")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--limit", type=float, default=0, help="bytes that the allocator may have")
    parser.add_argument(
        "--began", type=float, required=True, help="the time at which the process was started"
    )
    print(json.dumps(open_and_edit(parser.parse_args())))


def open_and_edit(arguments: argparse.Namespace) -> dict[str, Any]:
    def since() -> float:
        return time.time() - arguments.began

    marks = {"python": since()}
    import torch  # noqa: PLC0415 - its import is measured
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock  # noqa: PLC0415 - likewise

    marks["imports"] = since()
    from subjects import Job  # noqa: PLC0415 - likewise

    from qie_batch.engines.qwen import QwenOptions, open_engine  # noqa: PLC0415 - likewise

    side = 128 if arguments.tiny else 1024
    if arguments.tiny:
        stock.VAE_IMAGE_SIZE, stock.CONDITION_IMAGE_SIZE = side**2, 112**2
    on_cuda = arguments.device == "cuda"
    if on_cuda and arguments.limit:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, arguments.limit / total))
    engine = open_engine(
        QwenOptions(
            model=str(arguments.folder), revision="random", device=arguments.device, vram_plan=arguments.plan
        )
    )
    marks["ready"] = since()
    ended: list[float] = []
    job = Job(side=side, steps=2, images=arguments.images)
    result = engine.edit(job.request(), lambda _step: ended.append(since()))
    marks["first_step"], marks["image"] = ended[0], since()
    memory = {"peak_bytes": torch.cuda.max_memory_allocated()} if on_cuda else {}
    return {**marks, **memory, "phases": dict(result.phases), "ran": dict(result.ran)}


if __name__ == "__main__":
    main()
