"""The parts of Qwen-Image-Edit-2509 in the published sizes, with random weights, and in miniature.

    python bench/gpu/full_size.py [--json]    counts the parameters, on any machine, in seconds

Random weights, made where they are needed, take as long and as much memory as the published ones; the sizes
are those of the published config files. The tests' small tokenizer cuts the words; it gives the template its
published length. Imports no module of this folder, so that it can be imported from within and from outside.
"""

from __future__ import annotations

import argparse
import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

from qie_batch.engines.qwen.editing import QwenEngine
from qie_batch.engines.qwen.loading import EditProcessor
from qie_batch.engines.qwen.loras import Loras
from qie_batch.engines.qwen.quantise import quantise

if TYPE_CHECKING:
    from qie_batch.engines.qwen import QwenOptions

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
#: Of the normal distribution of random weights: larger ones overflow in 60 layers.
STD = 0.02


def load_tiny() -> SimpleNamespace:
    return SimpleNamespace(
        **runpy.run_path(str(Path(__file__).parents[2] / "tests" / "support" / "tiny_qwen.py"))
    )


def tokenizer() -> Any:
    return load_tiny().tokenizer()


def build_parts(words: Any) -> dict[str, torch.nn.Module]:
    """Transformer, text encoder and VAE in the published sizes, on the current default device."""
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


def build_tiny_parts(words: Any) -> dict[str, torch.nn.Module]:
    """The same classes in miniature, with blocks enough that FP8 leaves the outer ones alone."""
    tiny = load_tiny()
    return {
        "transformer": QwenImageTransformer2DModel(
            **TRANSFORMER
            | {"num_layers": 6, "attention_head_dim": 16, "num_attention_heads": 2}
            | {"joint_attention_dim": 16, "axes_dims_rope": (4, 6, 6)}
        ),
        "text_encoder": tiny.text_encoder(words),
        "vae": AutoencoderKLQwenImage(
            base_dim=4,
            z_dim=16,
            dim_mult=[1, 2, 4, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
    }


def randomise(part: torch.nn.Module, seed: int) -> None:
    """Weights of a normal distribution for all matrices; vectors (norms, biases) keep their values."""
    device = next(part.parameters()).device
    random = torch.Generator(device).manual_seed(seed)
    for weight in part.parameters():
        if weight.dim() > 1:
            weight.data.normal_(std=STD, generator=random)


def build_pipeline(device: str, dtype: torch.dtype, *, tiny: bool = False) -> QwenImageEditPlusPipeline:
    """The pipeline of diffusers on the device, with random weights."""
    words = tokenizer()
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            parts = build_tiny_parts(words) if tiny else build_parts(words)
    finally:
        torch.set_default_dtype(before)
    for seed, part in enumerate(parts.values()):
        part.eval().requires_grad_(requires_grad=False)
        if not tiny and device != "meta":
            randomise(part, seed)
    return assemble(parts, words)


def assemble(parts: dict[str, torch.nn.Module], words: Any) -> QwenImageEditPlusPipeline:
    pipe = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**load_tiny().SCHEDULER),
        tokenizer=words,
        processor=EditProcessor(Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056), words),
        **parts,
    )
    pipe.set_progress_bar_config(disable=True)
    load_tiny().hand_over_image_positions(pipe.text_encoder)
    return pipe


def open_on(pipe: QwenImageEditPlusPipeline, options: QwenOptions) -> QwenEngine:
    """The engine on a pipeline that is ready, in the place of one that is loaded from disk."""
    loras = Loras(pipe, options)
    if options.quantisation != "none":
        quantise(pipe.transformer, options.quantisation)
    return QwenEngine(options, pipe, loras)


def count_parameters() -> dict[str, int]:
    with torch.device("meta"):
        parts = build_parts(tokenizer())
    return {name: sum(weight.numel() for weight in part.parameters()) for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    counts = count_parameters()
    for name, number in counts.items():
        print(f"{name:13} {number / 1e9:6.2f} B parameters, {number * 2 / 1e9:5.1f} GB in bfloat16")
    if arguments.json:
        print(json.dumps({"parameters": counts, "bytes": 2 * sum(counts.values())}))


if __name__ == "__main__":
    main()
