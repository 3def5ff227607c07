"""Qwen-Image-Edit-2509 through diffusers' QwenImageEditPlusPipeline. Importing this imports no torch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from qie_batch.engines.qwen.options import BUCKETS, QwenOptions
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from qie_batch.interfaces import Engine

__all__ = ["BUCKETS", "DIFFUSION", "QwenOptions", "create", "find_weights"]

#: It knows presets, steps, CFG and seeds; its revision is set with its weights (QIE_MODEL_REVISION).
DIFFUSION = True

_NEEDS = ("accelerate", "diffusers", "peft", "safetensors", "torch", "transformers")


def create(options: QwenOptions) -> Engine:
    """The engine, loaded and warm: minutes on a card, seconds where the files are in the page cache.

    Raises Misconfigured where packages, card, weights or a pinned LoRA are not as they should be, and
    DeviceOutOfMemory where the card is too full for the warm-up.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"The qwen engine needs packages that are not installed: {', '.join(missing)}.",
            code="packages_missing",
            hint="Install them with: pip install 'qie-batch[gpu]'",
        )
    from qie_batch.engines.qwen.editing import QwenEngine, warm  # noqa: PLC0415 - torch loads only here
    from qie_batch.engines.qwen.loading import load  # noqa: PLC0415 - likewise

    engine = QwenEngine(options, *load(options))
    if options.device == "cuda":
        warm(engine)
    return engine
