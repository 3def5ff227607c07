"""The exported files in onnxruntime, beside torch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from PIL import Image

from qie_batch.engines.qwen.export.ropes import ropes

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.engines.qwen.export.exportable import Exportable

#: Of the whole edit: pixels of a side, steps, tokens of the two texts.
_SIDE, _STEPS, _CFG, _TOKENS = 128, 8, 4.0, (40, 33)


def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def largest_difference(path: Path, part: Exportable) -> tuple[float, float]:
    """The largest difference over all samples, and the largest value."""
    running = session(path)
    taken = {each.name for each in running.get_inputs()}
    difference = magnitude = 0.0
    for sample, expected in zip(part.samples, part.expected, strict=True):
        feed = {name: tensor.numpy() for name, tensor in sample.items() if name in taken}
        made = torch.from_numpy(running.run(None, feed)[0])
        difference = max(difference, float((made - expected).abs().max()))
        magnitude = max(magnitude, float(expected.abs().max()))
    return difference, magnitude


def whole_edit(weights: Path, folder: Path) -> int:
    """The largest difference of a pixel, of 255, between an edit by torch and one by the files."""
    pipe = _pipeline(weights)
    by_torch = _edit(pipe)
    _replace(pipe, folder)
    return int(np.abs(_edit(pipe) - by_torch).max())


def _pipeline(weights: Path) -> Any:
    """Without the text encoder: the embeddings of the edit are given."""
    options = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
    pipe = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(weights / "scheduler"),
        vae=AutoencoderKLQwenImage.from_pretrained(weights / "vae", **options).eval(),
        text_encoder=None,
        tokenizer=None,
        processor=None,
        transformer=QwenImageTransformer2DModel.from_pretrained(weights / "transformer", **options).eval(),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _edit(pipe: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    random = torch.Generator().manual_seed(1)
    width = pipe.transformer.config.joint_attention_dim
    wanted, unwanted = (torch.randn(1, count, width, generator=random) for count in _TOKENS)
    pixels = np.random.default_rng(0).integers(0, 255, (_SIDE, _SIDE, 3), dtype=np.uint8)
    with torch.no_grad():
        images = pipe(
            image=[Image.fromarray(pixels)],
            prompt_embeds=wanted,
            prompt_embeds_mask=torch.ones(1, wanted.shape[1], dtype=torch.long),
            negative_prompt_embeds=unwanted,
            negative_prompt_embeds_mask=torch.ones(1, unwanted.shape[1], dtype=torch.long),
            true_cfg_scale=_CFG,
            num_inference_steps=_STEPS,
            height=_SIDE,
            width=_SIDE,
            generator=torch.Generator("cpu").manual_seed(3),
            output_type="np",
        ).images
    pixels_made: np.ndarray[Any, np.dtype[np.int32]] = np.round(images * 255).astype(np.int32)
    return pixels_made


def _replace(pipe: Any, folder: Path) -> None:
    transformer, encoder, decoder = (
        session(folder / f"{name}.onnx") for name in ("transformer", "vae_encoder", "vae_decoder")
    )
    embed = pipe.transformer.pos_embed

    def forward(
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        img_shapes: Any,
        *,
        return_dict: bool = True,
        **_: object,
    ) -> Any:
        image_rope, text_rope = ropes(embed, img_shapes, encoder_hidden_states.shape[1])
        feed = {
            "hidden_states": hidden_states.numpy(),
            "encoder_hidden_states": encoder_hidden_states.numpy(),
            "timestep": timestep.numpy(),
            "image_rope": image_rope.numpy(),
            "text_rope": text_rope.numpy(),
        }
        made = torch.from_numpy(transformer.run(None, feed)[0])
        return Transformer2DModelOutput(sample=made) if return_dict else (made,)

    def encode(image: torch.Tensor, **_: object) -> Any:
        latent = torch.from_numpy(encoder.run(None, {"image": image.numpy()})[0])
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latent, sample=lambda *_: latent))

    def decode(latent: torch.Tensor, **_: object) -> tuple[torch.Tensor]:
        return (torch.from_numpy(decoder.run(None, {"latent": latent.numpy()})[0]),)

    pipe.transformer.forward = forward
    pipe.vae.encode, pipe.vae.decode = encode, decode
