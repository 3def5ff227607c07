"""Which kernel computes attention, and positions as real numbers, which a compiler can fuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.attention_dispatch import (
    AttentionBackendName,
    _check_attention_backend_requirements,
    dispatch_attention_fn,
)
from diffusers.models.attention_processor import Attention

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

#: In the order of preference on a Hopper device or newer: FlashAttention 3 where it is installed, cuDNN.
#: Kernels that would be downloaded (`*_hub`) are never chosen; Sage gives black images with this model.
_ON_HOPPER = ("_flash_3", "_native_cudnn", "native")


class JointAttention:
    """QwenDoubleStreamAttnProcessor2_0 with the rotation of positions in real numbers.

    The compiler of torch leaves complex numbers to single kernels, which read and write queries and keys once
    more; in real numbers norm and rotation become one kernel. Batches with padded text go to the native
    kernel, since cuDNN and FlashAttention 3 take no mask of this form.
    """

    _parallel_config = None

    def __init__(self, backend: str) -> None:
        self._backend = AttentionBackendName(backend)

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        encoder_hidden_states_mask: torch.Tensor | None = None,
        image_rotary_emb: tuple[torch.Tensor, torch.Tensor] | None = None,
        **_unused: None,  # diffusers' Attention hands over the mask that it was given
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Image and text tokens, (batch, tokens, width) each, after joint attention."""
        assert image_rotary_emb is not None
        image_positions, text_positions = image_rotary_emb
        text_tokens = encoder_hidden_states.shape[1]
        query, key, value = (
            torch.cat(pair, dim=1)
            for pair in zip(
                _heads(
                    (attn.add_q_proj, attn.add_k_proj, attn.add_v_proj),
                    (attn.norm_added_q, attn.norm_added_k, None),
                    encoder_hidden_states,
                    text_positions,
                ),
                _heads(
                    (attn.to_q, attn.to_k, attn.to_v),
                    (attn.norm_q, attn.norm_k, None),
                    hidden_states,
                    image_positions,
                ),
                strict=True,
            )
        )
        mask = _joint_mask(encoder_hidden_states_mask, hidden_states)
        joint = dispatch_attention_fn(
            query,
            key,
            value,
            attn_mask=mask,
            backend=self._backend if mask is None else AttentionBackendName.NATIVE,
        )
        joint = joint.flatten(2, 3).to(query.dtype)
        text, image = joint[:, :text_tokens], joint[:, text_tokens:]
        image = attn.to_out[1](attn.to_out[0](image.contiguous()))
        return image, attn.to_add_out(text.contiguous())


def _heads(
    projections: Sequence[Any], norms: Sequence[Any], tokens: torch.Tensor, positions: torch.Tensor
) -> list[torch.Tensor]:
    """Queries, keys and values, (batch, tokens, heads, width of a head) each; values have no norm."""
    width = 2 * positions.shape[1]
    split = [projection(tokens).unflatten(-1, (-1, width)) for projection in projections]
    return [
        heads if norm is None else rotated(norm(heads), positions)
        for heads, norm in zip(split, norms, strict=True)
    ]


def rotated(heads: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """(batch, tokens, heads, width) by cosines and sines (tokens, width / 2, 2), in float32."""
    first, second = heads.float().unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = positions[None, :, None].unbind(-1)
    turned = torch.stack([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.flatten(-2).type_as(heads)


def _joint_mask(text_mask: torch.Tensor | None, image: torch.Tensor) -> torch.Tensor | None:
    if text_mask is None:
        return None
    every = torch.ones(image.shape[:2], dtype=torch.bool, device=image.device)
    return torch.cat([text_mask, every], dim=1)[:, None, None]


def choose_attention(transformer: Any, wanted: str) -> str:
    """Set the kernel of every block; its name, by diffusers. Raises Misconfigured for one that cannot run.

    Only this transformer is changed; `set_attention_backend` of diffusers changes those loaded later, too.
    """
    if wanted == "auto":
        backend = next(name for name in _candidates(transformer) if not _reason_against(name))
    else:
        backend = wanted
        if reason := _reason_against(backend):
            raise Misconfigured(
                f"QIE_ATTENTION: {backend!r} cannot run here: {reason}",
                code="attention_unavailable",
                hint="Leave it out for the best one that runs, or choose native or _native_cudnn.",
            )
    processor = JointAttention(backend)
    for module in transformer.modules():
        if isinstance(module, Attention):
            module.processor = processor
    return backend


def _candidates(transformer: Any) -> tuple[str, ...]:
    if transformer.device.type != "cuda":
        return ("native",)
    return _ON_HOPPER if torch.cuda.get_device_capability(transformer.device)[0] >= 9 else ("native",)


def _reason_against(backend: str) -> str:
    names = [name.value for name in AttentionBackendName]
    if backend not in names or "hub" in backend:
        return f"it is none of {', '.join(name for name in names if 'hub' not in name)}."
    try:
        _check_attention_backend_requirements(AttentionBackendName(backend))
    except RuntimeError as error:
        return str(error)
    return ""
