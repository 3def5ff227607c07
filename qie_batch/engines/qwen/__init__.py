"""Qwen-Image-Edit-2509 through diffusers' QwenImageEditPlusPipeline. This module imports no torch."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qie_batch.engines.qwen.options import BUCKETS, OPTIONS, PRESETS, QwenOptions, engine_info
from qie_batch.engines.qwen.params import check_params
from qie_batch.engines.qwen.weights import find_weights
from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qie_batch.interfaces import Engine
    from qie_batch.model import EditParams, EngineInfo, ImageHeader

__all__ = [
    "BUCKETS",
    "OPTIONS",
    "PRESETS",
    "QwenOptions",
    "check",
    "create",
    "find_weights",
    "info",
    "open_engine",
    "reason_against",
]

_NEEDS = ("accelerate", "diffusers", "peft", "safetensors", "torch", "transformers")


def info(options: Mapping[str, Any]) -> EngineInfo:
    return engine_info(QwenOptions.of(options))


def reason_against(options: Mapping[str, Any]) -> str:
    """Why the weights cannot be loaded on this machine, "" if they can."""
    chosen = QwenOptions.of(options)
    try:
        find_weights(chosen.model, chosen.revision)
    except Misconfigured as error:
        return error.message
    return ""


def check(params: EditParams, _images: Sequence[ImageHeader]) -> None:
    """Rejected for steps, CFG, seed and lengths that the pipeline does not take; tokens are not counted."""
    check_params(params)


def create(options: Mapping[str, Any]) -> Engine:
    return open_engine(QwenOptions.of(options))


def open_engine(options: QwenOptions) -> Engine:
    """The engine, loaded and warm: takes minutes, or seconds where the files are in the page cache.

    Raises Misconfigured for missing or wrong packages, device, weights or pinned LoRA files, and
    DeviceOutOfMemory if the device lacks the memory for the warm-up.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"The qwen engine needs packages that are not installed: {', '.join(missing)}.",
            code="packages_missing",
            hint="Install them with: pip install 'qie-batch[gpu]'",
        )
    began = time.perf_counter()
    from qie_batch.engines.qwen.device import start_cuda  # noqa: PLC0415 - torch loads only here

    if options.device == "cuda":
        start_cuda()
    from qie_batch.engines.qwen.editing import QwenEngine, warm  # noqa: PLC0415 - after the start of CUDA
    from qie_batch.engines.qwen.loading import load  # noqa: PLC0415 - likewise

    imported = time.perf_counter()
    loaded = load(options)
    engine = QwenEngine(options, loaded.pipe, loaded.loras, loaded.placement)
    engine.start_phases = {"imports": imported - began, **loaded.phases}
    if options.device == "cuda" or options.rung("compile"):
        with engine.kept_kernels():
            engine.start_phases["warm-up"] = warm(engine)
    return engine
