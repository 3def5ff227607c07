"""Images to latents and back, as QwenImageEditPlusPipeline does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock
from diffusers.utils.torch_utils import randn_tensor

from qie_batch.engines.qwen import vae
from qie_batch.engines.qwen.memo import content_of
from qie_batch.engines.qwen.options import TRAINED_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from PIL import Image

    from qie_batch.engines.qwen.memo import Memo

#: Frames (always 1), height and width of an image in tokens of 16 x 16 pixels.
Grid = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    #: (1, tokens, 64): all images, one after another.
    latents: torch.Tensor
    grids: tuple[Grid, ...]


def encode_references(pipe: Any, images: Sequence[Image.Image], side: int, memo: Memo) -> References:
    """The images, each at an area of about side * side pixels."""
    encoded = [
        memo.get(("reference", side, content_of(image)), partial(_encode, pipe, image, side))
        for image in images
    ]
    return References(
        latents=torch.cat([latents for latents, _ in encoded], dim=1),
        grids=tuple(grid for _, grid in encoded),
    )


def _encode(pipe: Any, image: Image.Image, side: int) -> tuple[torch.Tensor, Grid]:
    area = stock.VAE_IMAGE_SIZE * side**2 // TRAINED_SIDE**2
    width, height = stock.calculate_dimensions(area, image.width / image.height)
    pixels = pipe.image_processor.preprocess(image, height, width).unsqueeze(2)
    pixels = pixels.to(device=pipe.transformer.device, dtype=pipe.vae.dtype)
    mean, deviation = _statistics(pipe.vae, pixels)
    latents = (vae.encode(pipe.vae, pixels) - mean) / deviation
    rows, columns = latents.shape[3:]
    packed = pipe._pack_latents(latents, 1, pipe.latent_channels, rows, columns)  # noqa: SLF001 - likewise
    return packed, (1, rows // 2, columns // 2)


def grid_of(width: int, height: int) -> Grid:
    return 1, height // 16, width // 16


def noise(pipe: Any, grid: Grid, seed: int, dtype: torch.dtype) -> torch.Tensor:
    """(1, tokens, 64) of the seed, drawn on the CPU, so that every device gets the same."""
    _, rows, columns = grid
    shape = (1, 1, pipe.latent_channels, 2 * rows, 2 * columns)
    generator = torch.Generator("cpu").manual_seed(seed)
    drawn = randn_tensor(shape, generator=generator, device=pipe.transformer.device, dtype=dtype)
    packed: torch.Tensor = pipe._pack_latents(drawn, 1, pipe.latent_channels, 2 * rows, 2 * columns)  # noqa: SLF001 - the stock arithmetic
    return packed


def decode(pipe: Any, latents: torch.Tensor, grid: Grid) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(1, tokens, 64) -> pixels (1, height, width, 3) from 0 to 1, in host memory."""
    _, rows, columns = grid
    unpacked = pipe._unpack_latents(latents, 16 * rows, 16 * columns, pipe.vae_scale_factor)  # noqa: SLF001 - the stock arithmetic
    unpacked = unpacked.to(pipe.vae.dtype)
    mean, deviation = _statistics(pipe.vae, unpacked)
    image = vae.decode(pipe.vae, unpacked / (1.0 / deviation) + mean)
    pixels: np.ndarray[Any, np.dtype[np.float32]] = pipe.image_processor.postprocess(
        image[:, :, 0], output_type="np"
    )
    return pixels


def _statistics(model: Any, like: torch.Tensor) -> list[torch.Tensor]:
    """Mean and standard deviation of the latents' channels, (1, 16, 1, 1, 1) each."""
    config = model.config
    return [
        torch.tensor(values).view(1, config.z_dim, 1, 1, 1).to(like.device, like.dtype)
        for values in (config.latents_mean, config.latents_std)
    ]
