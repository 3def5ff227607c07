from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from qie_batch.engines.qwen.device import device_errors
from qie_batch.engines.qwen.options import BUCKETS, engine_info
from qie_batch.engines.qwen.requests import call_for
from qie_batch.errors import EngineLost
from qie_batch.model import EditParams, EditRequest, EditResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.engines.qwen.lightning import Lightning
    from qie_batch.engines.qwen.options import QwenOptions
    from qie_batch.engines.qwen.requests import Call

_log = logging.getLogger(__name__)


class QwenEngine:
    def __init__(self, options: QwenOptions, pipe: Any, lightning: Lightning) -> None:
        self.info = engine_info(options)
        self.device = str(torch.cuda.get_device_name()) if options.device == "cuda" else "cpu"
        self._presets = options.all_presets
        self._pipe = pipe
        self._lightning = lightning
        self._control_tokens = tuple(pipe.tokenizer.get_added_vocab())

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """As `interfaces.Engine.edit`; any size in multiples of 16 is allowed, not only those of BUCKETS."""
        call = call_for(request, self._presets, self._control_tokens, self._count_tokens)
        self._lightning.select(call.preset.lora)
        try:
            with device_errors(), self._tiled(on=request.low_memory):
                pixels = self._paint(call, on_step)
        except EngineLost:
            raise
        except BaseException:
            self._pipe.maybe_free_model_hooks()  # an edit that ended early left model parts on the device
            raise
        if not np.isfinite(pixels).all():
            # Caused by wrong weights or arithmetic in this process, never by an 8-bit image.
            raise EngineLost("The model painted values that are not numbers.", code="not_finite")
        return EditResult(image=self._pipe.image_processor.numpy_to_pil(pixels)[0])

    @contextmanager
    def _tiled(self, *, on: bool) -> Iterator[None]:
        """Encode and decode images in tiles, which the VAE blends at their edges, to save device memory."""
        if not on:
            yield
            return
        torch.cuda.empty_cache()
        self._pipe.vae.enable_tiling()
        try:
            yield
        finally:
            self._pipe.vae.disable_tiling()

    def _paint(self, call: Call, on_step: Callable[[int], None]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Pixels (1, height, width, 3) from 0 to 1."""

        def after_step(_pipe: Any, step: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
            on_step(step + 1)
            return {}

        output = self._pipe(
            image=call.images,
            prompt=call.prompt,
            negative_prompt=call.negative if call.cfg > 1 else None,  # unused at 1, with a warning each time
            true_cfg_scale=call.cfg,
            num_inference_steps=call.steps,
            width=call.width,
            height=call.height,
            generator=torch.Generator("cpu").manual_seed(call.seed),
            output_type="np",
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=[],
        )
        pixels: np.ndarray[Any, np.dtype[np.float32]] = output.images
        return pixels

    def _count_tokens(self, text: str) -> int:
        return len(self._pipe.tokenizer(text)["input_ids"])


def warm(engine: QwenEngine) -> None:
    """Run two steps at full size, which selects kernels and fails early if the device memory is too small."""
    start = time.monotonic()
    width, height = BUCKETS[0]
    image = Image.new("RGB", (width, height), "gray")
    request = EditRequest(
        images=(image,),
        params=EditParams(instruction="Keep it.", steps=2, seed=0),
        width=width,
        height=height,
    )
    engine.edit(request, lambda _step: None)
    _log.info("Warmed up in %.1f s on %s", time.monotonic() - start, engine.device)
