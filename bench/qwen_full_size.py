"""Seconds and peak memory of one edit by Qwen-Image-Edit-2509 at full size, with random weights.

    python bench/qwen_full_size.py            one edit of each preset at 1024 x 1024 on the CUDA device
    python bench/qwen_full_size.py --meta     only counts parameters, on any machine, in seconds
    ... --json                                one JSON object as the last line

Random weights (57.7 GB, made on the device) take as long as the published ones; the sizes are those of the
published config files. `fast` and `draft` run without their LoRA, whose cost comes on top. The tests' small
tokenizer cuts the words; it gives the template its published length.
"""

import argparse
import json
import runpy
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from PIL import Image
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

from qie_batch.engines.qwen import PRESETS, QwenOptions
from qie_batch.engines.qwen.editing import QwenEngine
from qie_batch.engines.qwen.loading import EditProcessor, hand_over_image_positions
from qie_batch.engines.qwen.loras import Loras
from qie_batch.model import EditParams, EditRequest

TRANSFORMER = {
    "patch_size": 2,
    "in_channels": 64,
    "out_channels": 16,
    "num_layers": 60,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 3584,
    "axes_dims_rope": (16, 56, 56),
}
TEXT = {
    "vocab_size": 152064,
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "max_position_embeddings": 128000,
    "rope_theta": 1e6,
    "rope_scaling": {"mrope_section": [16, 24, 24], "rope_type": "default", "type": "default"},
    "tie_word_embeddings": False,
}
VISION = {
    "depth": 32,
    "hidden_size": 1280,
    "intermediate_size": 3420,
    "num_heads": 16,
    "out_hidden_size": 3584,
    "fullatt_block_indexes": [7, 15, 23, 31],
    "window_size": 112,
}


def load_tiny() -> SimpleNamespace:
    return SimpleNamespace(
        **runpy.run_path(str(Path(__file__).parents[1] / "tests" / "support" / "tiny_qwen.py"))
    )


def build_parts(words: Any) -> dict[str, torch.nn.Module]:
    """Transformer, text encoder and VAE on the current default device."""
    ids = words.convert_tokens_to_ids
    text_encoder = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config=TEXT | {"bos_token_id": ids("<|endoftext|>"), "eos_token_id": ids("<|im_end|>")},
            vision_config=VISION,
            image_token_id=ids("<|image_pad|>"),
            video_token_id=ids("<|video_pad|>"),
            vision_start_token_id=ids("<|vision_start|>"),
            vision_end_token_id=ids("<|vision_end|>"),
            tie_word_embeddings=False,
        )
    )
    return {
        "transformer": QwenImageTransformer2DModel(**TRANSFORMER),
        "text_encoder": text_encoder,
        "vae": AutoencoderKLQwenImage(),
    }


def build_pipeline(device: str, dtype: torch.dtype) -> QwenImageEditPlusPipeline:
    tiny = load_tiny()
    words = tiny.tokenizer()
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device(device):
        parts = build_parts(words)
    torch.set_default_dtype(torch.float32)
    for part in parts.values():
        part.eval()
    pipe = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**tiny.SCHEDULER),
        tokenizer=words,
        processor=EditProcessor(Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056), words),
        **parts,
    )
    pipe.set_progress_bar_config(disable=True)
    hand_over_image_positions(pipe.text_encoder)
    return pipe


def build_engine(device: Literal["cuda", "cpu"], dtype: torch.dtype) -> QwenEngine:
    options = QwenOptions(model="random", revision="random", device=device)
    pipe = build_pipeline(device, dtype)
    return QwenEngine(options, pipe, Loras(pipe, options))


def edit(engine: QwenEngine, size: int, steps: int, cfg: float) -> float:
    """Seconds of one edit."""
    request = EditRequest(
        images=(Image.effect_noise((size, size), 50).convert("RGB"),),
        width=size,
        height=size,
        params=EditParams(
            instruction="Replace the background with a white studio backdrop, and keep the product as it is.",
            negative=" ",
            steps=steps,
            cfg=cfg,
            seed=0,
        ),
    )
    start = time.perf_counter()
    engine.edit(request, lambda _step: None)  # ends with the image in host memory, so the device has finished
    return time.perf_counter() - start


def count_on_meta() -> dict[str, Any]:
    tiny = load_tiny()
    with torch.device("meta"):
        parts = build_parts(tiny.tokenizer())
    counts = {name: sum(weight.numel() for weight in part.parameters()) for name, part in parts.items()}
    for name, number in counts.items():
        print(f"{name:13} {number / 1e9:6.2f} B parameters, {number * 2 / 1e9:5.1f} GB in bfloat16")
    return {"meta": True, "parameters": counts, "bytes": 2 * sum(counts.values())}


def measure(size: int) -> dict[str, Any]:
    card = torch.cuda.get_device_name()
    start = time.perf_counter()
    engine = build_engine("cuda", torch.bfloat16)
    loaded = torch.cuda.memory_allocated()
    print(f"{card}: built {loaded / 1e9:.1f} GB of weights in {time.perf_counter() - start:.1f} s")
    first = edit(engine, size, steps=2, cfg=4.0)
    print(f"first edit, 2 steps: {first:.2f} s")
    torch.cuda.reset_peak_memory_stats()
    seconds = {}
    for preset in PRESETS.values():
        seconds[preset.name] = edit(engine, size, preset.steps, preset.cfg)
        print(f"{preset.name:10} {preset.steps:3} steps, cfg {preset.cfg}: {seconds[preset.name]:6.2f} s")
    peak = torch.cuda.max_memory_allocated()
    print(f"peak {peak / 1e9:.1f} GB")
    return {
        "cuda": True,
        "device": card,
        "size": size,
        "seconds": seconds,
        "first_seconds": first,
        "weights_bytes": loaded,
        "peak_bytes": peak,
        "torch": torch.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--meta", action="store_true", help="count parameters only")
    parser.add_argument("--size", type=int, default=1024, help="side of the picture in pixels")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    if arguments.meta:
        report = count_on_meta()
    elif torch.cuda.is_available():
        report = measure(arguments.size)
    else:
        print("No CUDA card here: nothing was measured.")
        report = {"cuda": False}
    if arguments.json:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
