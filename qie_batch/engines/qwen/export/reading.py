"""Vision tower and language model: what reads images and instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl
from transformers.vision_utils import (
    get_vision_cu_seqlens,
    get_vision_position_ids,
    get_vision_window_index,
)

from qie_batch.engines.qwen.export.exportable import Exportable, exportable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qie_batch.engines.qwen.export.exportable import Inputs


def _text_encoder(weights: Path, dtype: torch.dtype) -> Any:
    return Qwen2_5_VLForConditionalGeneration.from_pretrained(
        weights / "text_encoder",
        dtype=dtype,
        attn_implementation="sdpa",
        local_files_only=True,
        use_safetensors=True,
    ).eval()


class _LanguageModel(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs_embeds: torch.Tensor, position_ids: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.model(
            inputs_embeds=inputs_embeds,
            position_ids=position_ids,
            attention_mask=None,
            use_cache=False,
            output_hidden_states=True,
        ).hidden_states[-1]
        return states


def language_model(weights: Path, dtype: torch.dtype) -> Exportable:
    """From embeddings, those of the images among them, to the states that the transformer reads."""
    model = _text_encoder(weights, dtype).model.language_model
    random = torch.Generator().manual_seed(3)
    samples = [
        {
            "inputs_embeds": torch.randn(1, length, model.config.hidden_size, generator=random).to(dtype),
            "position_ids": torch.arange(length).expand(3, 1, length).contiguous(),
        }
        for length in (64, 80, 33)
    ]
    length = torch.export.Dim("length", min=2, max=8192)
    return exportable(
        _LanguageModel(model), samples, {"inputs_embeds": {1: length}, "position_ids": {2: length}}
    )


class _VisionTower(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        for block in model.blocks:
            block.attn.forward = _masked_attention(block.attn)

    def forward(
        self,
        pixel_values: torch.Tensor,
        position_ids: torch.Tensor,
        window_index: torch.Tensor,
        window_segments: torch.Tensor,
        image_segments: torch.Tensor,
    ) -> torch.Tensor:
        pooled: torch.Tensor = self.model(
            pixel_values,
            grid_thw=None,
            position_ids=position_ids,
            window_index=window_index,
            cu_window_seqlens=window_segments,
            cu_seqlens=image_segments,
        ).pooler_output
        return pooled


def _masked_attention(attention: Any) -> Callable[..., torch.Tensor]:
    """One attention over all patches with a mask, in place of one for each window.

    `cu_seqlens` holds for each patch the number of its segment; only patches of one segment see each other.
    """

    def forward(
        hidden_states: torch.Tensor,
        cu_seqlens: torch.Tensor,
        position_embeddings: tuple[torch.Tensor, torch.Tensor],
        **_: object,
    ) -> torch.Tensor:
        count = hidden_states.shape[0]
        split = attention.qkv(hidden_states).reshape(count, 3, attention.num_heads, -1)
        query, key, value = split.permute(1, 0, 2, 3).unbind(0)
        query, key = modeling_qwen2_5_vl.apply_rotary_pos_emb_vision(query, key, *position_embeddings)
        mask = (cu_seqlens[:, None] == cu_seqlens[None, :])[None, None]
        seen = torch.nn.functional.scaled_dot_product_attention(
            query.transpose(0, 1)[None],
            key.transpose(0, 1)[None],
            value.transpose(0, 1)[None],
            attn_mask=mask,
            scale=attention.scaling,
        )
        projected: torch.Tensor = attention.proj(seen[0].transpose(0, 1).reshape(count, -1))
        return projected

    return forward


def vision_tower(weights: Path, dtype: torch.dtype) -> Exportable:
    model = _text_encoder(weights, dtype).model.visual
    config = model.config
    random = torch.Generator().manual_seed(4)
    width = config.in_channels * config.temporal_patch_size * config.patch_size**2
    samples, expected = [], []
    for grid in ((8, 8), (12, 8), (18, 14)):
        sizes = torch.tensor([[1, *grid]])
        pixels = torch.randn(grid[0] * grid[1], width, generator=random).to(dtype)
        with torch.no_grad():
            expected.append(model(pixels, grid_thw=sizes).pooler_output)
        samples.append({"pixel_values": pixels, **_placed(model, sizes)})
    groups = torch.export.Dim("groups", min=2, max=4096)
    (patches,) = (axis for axis, size in enumerate(samples[0]["position_ids"].shape) if size == 64)
    return Exportable(
        module=_VisionTower(model).eval(),
        samples=tuple(samples),
        expected=tuple(expected),
        dynamic={
            "pixel_values": {0: 4 * groups},
            "position_ids": {patches: 4 * groups},
            "window_index": {0: groups},
            "window_segments": {0: 4 * groups},
            "image_segments": {0: 4 * groups},
        },
    )


def _placed(model: Any, sizes: torch.Tensor) -> Inputs:
    """Where each patch is, and in which window and image."""
    index, windows = get_vision_window_index(
        sizes,
        spatial_merge_size=model.spatial_merge_size,
        window_size=model.window_size,
        patch_size=model.patch_size,
    )
    return {
        "position_ids": get_vision_position_ids(sizes, model.spatial_merge_size),
        "window_index": index,
        "window_segments": _segments(windows),
        "image_segments": _segments(get_vision_cu_seqlens(sizes)),
    }


def _segments(borders: torch.Tensor) -> torch.Tensor:
    """The number of its segment for each patch, from the borders of all segments."""
    return torch.repeat_interleave(torch.arange(len(borders) - 1), (borders[1:] - borders[:-1]).long())
