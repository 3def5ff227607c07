"""Each part by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.qwen.export.painting import transformer, vae_decoder, vae_encoder
from qie_batch.engines.qwen.export.reading import language_model, vision_tower

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import torch

    from qie_batch.engines.qwen.export.exportable import Exportable

BUILDERS: Mapping[str, Callable[[Path, torch.dtype], Exportable]] = {
    "vision_tower": vision_tower,
    "language_model": language_model,
    "vae_encoder": vae_encoder,
    "transformer": transformer,
    "vae_decoder": vae_decoder,
}
