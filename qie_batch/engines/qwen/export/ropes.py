"""Rotary embeddings as real numbers: ONNX has no complex ones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.transformers import transformer_qwenimage

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def real_ropes() -> Iterator[None]:
    """Complex numbers are replaced in diffusers for this long."""
    stock = transformer_qwenimage.apply_rotary_emb_qwen
    transformer_qwenimage.apply_rotary_emb_qwen = rope_as_reals
    try:
        yield
    finally:
        transformer_qwenimage.apply_rotary_emb_qwen = stock


def rope_as_reals(
    hidden: torch.Tensor,
    frequencies: torch.Tensor,
    use_real: bool = True,  # noqa: ARG001, FBT001, FBT002 - the signature of diffusers
    use_real_unbind_dim: int = -1,  # noqa: ARG001 - likewise
) -> torch.Tensor:
    """`apply_rotary_emb_qwen` with cosine and sine (L, d / 2, 2) in place of complex numbers."""
    real, imaginary = hidden.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = frequencies[:, None, :, 0], frequencies[:, None, :, 1]
    turned = torch.stack((real * cos - imaginary * sin, real * sin + imaginary * cos), -1)
    return turned.flatten(3).to(hidden.dtype)


def ropes(
    embed: Any, shapes: list[list[tuple[int, int, int]]], text: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine of the image's and the text's positions."""
    image, words = embed(shapes, max_txt_seq_len=text, device=torch.device("cpu"))
    return torch.view_as_real(image).contiguous(), torch.view_as_real(words).contiguous()
