"""Transformer and VAE: what paints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel

from qie_batch.engines.qwen.export.exportable import Exportable, exportable
from qie_batch.engines.qwen.export.ropes import ropes

if TYPE_CHECKING:
    from pathlib import Path


class _Given(torch.nn.Module):
    pair: tuple[torch.Tensor, torch.Tensor]

    def forward(self, *_: object, **__: object) -> tuple[torch.Tensor, torch.Tensor]:
        return self.pair


class _Transformer(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.model.pos_embed = _Given()

    def forward(
        self,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        image_rope: torch.Tensor,
        text_rope: torch.Tensor,
    ) -> torch.Tensor:
        self.model.pos_embed.pair = (image_rope, text_rope)
        painted: torch.Tensor = self.model(
            hidden_states=hidden_states,
            encoder_hidden_states=encoder_hidden_states,
            encoder_hidden_states_mask=None,
            timestep=timestep,
            img_shapes=[[(1, 1, 1)]],  # of no effect: the positions are given
            return_dict=False,
        )[0]
        return painted


def transformer(weights: Path, dtype: torch.dtype) -> Exportable:
    model = QwenImageTransformer2DModel.from_pretrained(
        weights / "transformer", dtype=dtype, local_files_only=True, use_safetensors=True
    ).eval()
    config, embed = model.config, model.pos_embed
    samples, expected = [], []
    random = torch.Generator().manual_seed(0)
    # Grids of the result and of its references, and tokens of the text.
    for grids, text in (
        (((8, 8), (8, 8)), 37),
        (((8, 12), (10, 8)), 21),
        (((12, 8), (8, 8), (6, 10)), 90),
    ):
        shapes = [[(1, *grid) for grid in grids]]
        tokens = sum(height * width for height, width in grids)
        hidden = torch.randn(1, tokens, config.in_channels, generator=random).to(dtype)
        words = torch.randn(1, text, config.joint_attention_dim, generator=random).to(dtype)
        when = torch.tensor([0.37], dtype=dtype)
        with torch.no_grad():
            expected.append(
                model(
                    hidden_states=hidden,
                    encoder_hidden_states=words,
                    encoder_hidden_states_mask=None,
                    timestep=when,
                    img_shapes=shapes,
                    return_dict=False,
                )[0]
            )
        image_rope, text_rope = ropes(embed, shapes, text)
        samples.append(
            {
                "hidden_states": hidden,
                "encoder_hidden_states": words,
                "timestep": when,
                "image_rope": image_rope,
                "text_rope": text_rope,
            }
        )
    image, words_ = torch.export.Dim("image", min=2, max=65536), torch.export.Dim("text", min=2, max=4096)
    return Exportable(
        module=_Transformer(model).eval(),
        samples=tuple(samples),
        expected=tuple(expected),
        dynamic={
            "hidden_states": {1: image},
            "encoder_hidden_states": {1: words_},
            "timestep": {},
            "image_rope": {0: image},
            "text_rope": {0: words_},
        },
    )


class _Encoder(torch.nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        latent: torch.Tensor = self.vae.encode(image).latent_dist.mode()
        return latent


class _Decoder(torch.nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        image: torch.Tensor = self.vae.decode(latent, return_dict=False)[0]
        return image


def _vae(weights: Path, dtype: torch.dtype) -> Any:
    return AutoencoderKLQwenImage.from_pretrained(
        weights / "vae", dtype=dtype, local_files_only=True, use_safetensors=True
    ).eval()


def vae_encoder(weights: Path, dtype: torch.dtype) -> Exportable:
    module = _Encoder(_vae(weights, dtype))
    random = torch.Generator().manual_seed(1)
    images = [
        torch.randn(1, 3, 1, height, width, generator=random).clamp(-1, 1).to(dtype)
        for height, width in ((128, 128), (96, 160), (256, 64))
    ]
    rows, columns = torch.export.Dim("rows", min=4, max=512), torch.export.Dim("columns", min=4, max=512)
    return exportable(
        module, [{"image": image} for image in images], {"image": {3: 8 * rows, 4: 8 * columns}}
    )


def vae_decoder(weights: Path, dtype: torch.dtype) -> Exportable:
    vae = _vae(weights, dtype)
    random = torch.Generator().manual_seed(2)
    latents = [
        torch.randn(1, vae.config.z_dim, 1, rows, columns, generator=random).to(dtype)
        for rows, columns in ((16, 16), (12, 20), (32, 8))
    ]
    rows, columns = torch.export.Dim("rows", min=4, max=512), torch.export.Dim("columns", min=4, max=512)
    return exportable(
        _Decoder(vae), [{"latent": latent} for latent in latents], {"latent": {3: rows, 4: columns}}
    )
