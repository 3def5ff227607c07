"""The VAE of a video model, for single images.

Its causal convolutions see two frames of zeros before the image, so that of three taps in time the last alone
counts: the fold keeps that tap, as a convolution in two dimensions. Without a cache of frames, which stock
fills with a copy of every feature map, an image of 1 MP takes several GB less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_qwenimage import QwenImageCausalConv3d
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator


def encode(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(1, 3, 1, height, width) from -1 to 1 -> the mode of the latents (1, 16, 1, height / 8, width / 8)."""
    if _in_tiles(vae, pixels, 1):
        mode: torch.Tensor = vae.encode(pixels).latent_dist.mode()
        return mode
    moments: torch.Tensor = vae.quant_conv(vae.encoder(pixels))
    return moments.chunk(2, dim=1)[0]


def decode(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """The inverse of `encode`."""
    if _in_tiles(vae, latents, vae.spatial_compression_ratio):
        tiled: torch.Tensor = vae.decode(latents, return_dict=False)[0]
        return tiled
    image: torch.Tensor = vae.decoder(vae.post_quant_conv(latents))
    return image.clamp(-1.0, 1.0)


def _in_tiles(vae: Any, tensor: torch.Tensor, ratio: int) -> bool:
    height, width = tensor.shape[3:]
    return bool(vae.use_tiling) and (
        width * ratio > vae.tile_sample_min_width or height * ratio > vae.tile_sample_min_height
    )


class LastTap(QwenImageCausalConv3d):  # type: ignore[misc] # diffusers has no types here
    """A causal convolution for the first frame alone. Tiling counts it by its class."""

    def forward(self, x: torch.Tensor, cache_x: torch.Tensor | None = None) -> torch.Tensor:
        assert cache_x is None
        assert x.shape[2] == 1
        left, _, top, *_ = self._padding
        output = functional.conv2d(x.squeeze(2), self.weight, self.bias, self.stride[1:], (top, left))
        return output.unsqueeze(2)


def fold(vae: Any) -> None:
    """Replace the causal convolutions in place, and lay the weights out as the device's kernels read them."""
    for parent, name, conv in list(_causal(vae)):
        setattr(parent, name, _last_tap(conv))
    if next(vae.parameters()).is_cuda:
        vae.to(memory_format=torch.channels_last)


def _causal(vae: Any) -> Iterator[tuple[nn.Module, str, QwenImageCausalConv3d]]:
    """But for `time_conv`, which single images never reach."""
    for parent in vae.modules():
        for name, child in parent.named_children():
            if isinstance(child, QwenImageCausalConv3d) and name != "time_conv":
                yield parent, name, child


def _last_tap(conv: QwenImageCausalConv3d) -> LastTap:
    with torch.device("meta"):
        tap = LastTap(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride)
    tap._padding = conv._padding  # noqa: SLF001 - set by the constructor and used by the forward
    tap.weight = nn.Parameter(conv.weight[:, :, -1].contiguous(), requires_grad=False)
    tap.bias = nn.Parameter(conv.bias, requires_grad=False)
    return tap
