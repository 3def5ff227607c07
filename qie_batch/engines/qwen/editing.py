from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from qie_batch.engines.qwen import vae
from qie_batch.engines.qwen.attention import choose_attention
from qie_batch.engines.qwen.batching import Batches
from qie_batch.engines.qwen.clock import PhaseClock
from qie_batch.engines.qwen.compiling import CompileCache, CompiledBlocks
from qie_batch.engines.qwen.conditions import TextEncoding
from qie_batch.engines.qwen.denoise import Denoised, Prepared, Rungs, denoise
from qie_batch.engines.qwen.device import device_errors
from qie_batch.engines.qwen.latents import decode, encode_references, grid_of, noise
from qie_batch.engines.qwen.memo import Memo
from qie_batch.engines.qwen.modulation import Modulation
from qie_batch.engines.qwen.options import engine_info
from qie_batch.engines.qwen.placement import Placement
from qie_batch.engines.qwen.plans import PLANS
from qie_batch.engines.qwen.record import ran
from qie_batch.engines.qwen.requests import call_for
from qie_batch.engines.qwen.schedule import schedule_of
from qie_batch.errors import EngineLost, Rejected
from qie_batch.model import EditParams, EditRequest, EditResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qie_batch.engines.qwen.loras import Loras
    from qie_batch.engines.qwen.options import QwenOptions
    from qie_batch.engines.qwen.plans import Plan
    from qie_batch.engines.qwen.requests import Call

_log = logging.getLogger(__name__)

#: Values that are kept of earlier edits: about 2 MB each (text, images as text encoder and VAE see them).
REMEMBERED = 192
#: Above so many tokens of images one forward for both branches of the guidance is no faster: on H200, a batch
#: of two at 1 MP 1.02 times, at 512 squared 1.8 times (SGLang, pull request 22183).
_MOST_TOKENS_AT_ONCE = 2560


class QwenEngine:
    def __init__(
        self, options: QwenOptions, pipe: Any, loras: Loras, placement: Placement | None = None
    ) -> None:
        """Without a placement all weights are where edits run."""
        self.info = engine_info(options)
        self.device = str(torch.cuda.get_device_name()) if options.device == "cuda" else "cpu"
        #: Seconds of each part of the start.
        self.start_phases: dict[str, float] = {}
        self._options = options
        self._presets = options.all_presets
        self._pipe = pipe
        self._own_loras = options.own_loras
        self._loras = loras
        self._placement = placement or Placement(pipe, PLANS["80gb"], torch.device(options.device))
        self._control_tokens = tuple(pipe.tokenizer.get_added_vocab())
        self._memo = Memo(REMEMBERED if options.rung("memo") else 0)
        self._attention = "native"
        if options.rung("attention"):
            self._attention = choose_attention(pipe.transformer, options.attention)
        if options.rung("vae_conv2d"):
            vae.fold(pipe.vae)
        self._modulation = self._modulation_of(pipe.transformer)
        self._compiled = CompiledBlocks(pipe.transformer) if options.rung("compile") else None
        most = self.info.concurrency
        self._batches = Batches(self._read, self._edit, most) if most > 1 else None

    @contextmanager
    def kept_kernels(self) -> Iterator[None]:
        """Around the first edits: what they compile is taken from the compile cache, or kept there."""
        if not (self._options.compile_cache and self._options.rung("compile")):
            yield
            return
        made_for = {"attention": self._attention, "plan": self._placement.plan.name}
        cache = CompileCache(Path(self._options.compile_cache), made_for)
        cache.load()
        yield
        cache.save()

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """As `interfaces.Engine.edit`; any size in multiples of 16 is allowed, not only those of BUCKETS."""
        if self._batches:
            return self._batches.edit(request, on_step)
        return self._edit([self._read(request)], on_step)[0]

    def _read(self, request: EditRequest) -> Call:
        return call_for(request, self._presets, self._control_tokens, self._count_tokens, self._own_loras)

    def _edit(self, calls: Sequence[Call], on_step: Callable[[int], None]) -> list[EditResult]:
        """Edits of equal `Call.shape`."""
        first = calls[0]
        self._loras.select(first.preset.lora, first.lora, self._placement.rest)
        # peft asks for gradients of the weights that it enables; a compiled block would be compiled anew.
        self._pipe.transformer.requires_grad_(requires_grad=False)
        clock = PhaseClock(on_cuda=self._options.device == "cuda")
        if first.low_memory:
            self._memo.clear()
        with torch.no_grad(), device_errors(), self._placement.of_edit(low_memory=first.low_memory) as plan:
            denoised, pixels = self._paint(calls, clock, on_step)
        if not np.isfinite(pixels).all():
            # Caused by wrong weights or arithmetic in this process, never by an 8-bit image.
            raise EngineLost("The model painted values that are not numbers.", code="not_finite")
        images = self._pipe.image_processor.numpy_to_pil(pixels)
        phases = {name: seconds / len(calls) for name, seconds in clock.seconds().items()}
        speedups = self._speedups(plan, calls) | self._loras.ran
        return [
            EditResult(image=image, phases=phases, ran=ran(self._options, call, denoised, speedups))
            for image, call in zip(images, calls, strict=True)
        ]

    def edit_together(self, requests: Sequence[EditRequest]) -> None:
        """Run edits of one shape as a batch, for their kernels alone."""
        self._edit([self._read(request) for request in requests], lambda _step: None)

    def _paint(
        self, calls: Sequence[Call], clock: PhaseClock, on_step: Callable[[int], None]
    ) -> tuple[Denoised, np.ndarray[Any, np.dtype[np.float32]]]:
        """The latents, and pixels (edits, height, width, 3) from 0 to 1."""
        pipe = self._pipe
        prepared = [self._prepare(call, clock) for call in calls]
        grid = prepared[0].grids[0]
        denoised = denoise(
            pipe.transformer,
            prepared,
            schedule_of(pipe.scheduler, calls[0].steps, prod(grid), prepared[0].noise.device),
            calls[0].cfg,
            self._rungs(calls[0], prepared[0]),
            on_step,
        )
        clock.end("steps")
        # One at a time: several take as long, and more memory.
        pixels = np.concatenate([decode(pipe, latents, grid) for latents in denoised.latents.split(1)])
        clock.end("decode")
        return denoised, pixels

    def _prepare(self, call: Call, clock: PhaseClock) -> Prepared:
        pipe, memo = self._pipe, self._memo
        texts = TextEncoding(pipe, call.images, memo=memo, share=self._options.rung("shared_vision"))
        positive = texts.encode(call.prompt)
        negative = texts.encode(call.negative) if call.cfg > 1 else None
        clock.end("prompt")
        references = encode_references(pipe, call.images, self._options.reference_side, memo)
        grid = grid_of(call.width, call.height)
        drawn = noise(pipe, grid, call.seed, positive.dtype)
        clock.end("vae")
        return Prepared(
            noise=drawn,
            references=references.latents,
            grids=(grid, *references.grids),
            positive=positive,
            negative=negative,
        )

    def _rungs(self, call: Call, prepared: Prepared) -> Rungs:
        tokens = sum(prod(grid) for grid in prepared.grids)
        return Rungs(
            cfg_batch=self._options.rung("cfg_batch") and tokens <= _MOST_TOKENS_AT_ONCE,
            modulation=self._modulation,
            weights=self._loras.selected,
            step_cache=call.preset.cache,
            real_positions=self._options.rung("attention"),
        )

    def _modulation_of(self, transformer: Any) -> Modulation | None:
        """A lean plan has no room for these layers on the device, so that it cannot do without the table."""
        lean = self._placement.plan.lean
        if not lean and not self._options.rung("modulation"):
            return None
        return Modulation(transformer, keep="host" if lean else "device")

    def _speedups(self, plan: Plan, calls: Sequence[Call]) -> dict[str, Any]:
        quantisation = self._options.quantisation if plan.weights == "bf16" else plan.weights
        return {
            "attention": self._attention,
            "compiled": self._compiled is not None and self._compiled.active,
            "plan": plan.name,
            "quantisation": quantisation,
            "tiled": calls[0].low_memory or None,
            "batch": len(calls) if len(calls) > 1 else None,
        }

    def _count_tokens(self, text: str) -> int:
        return len(self._pipe.tokenizer(text)["input_ids"])


def warm(engine: QwenEngine) -> float:
    """Edit once with each set of weights that presets use, at full size: seconds.

    LoRAs of the user's own share an adapter, so that one of them stands for all. Compiles, selects kernels,
    and fails early if the device memory is too small.
    """
    start = time.monotonic()
    width, height = engine.info.limits.sizes[0]
    image = Image.new("RGB", (width, height), "gray")
    presets = {preset.lora: preset for preset in engine.info.presets.values()}.values()
    for preset, own in product(presets, ("", *list(engine.info.own_loras)[:1])):
        params = EditParams(
            instruction="Keep it.", preset=preset.name, lora_name=own, steps=2, cfg=preset.cfg, seed=0
        )
        request = EditRequest(images=(image,), params=params, width=width, height=height)
        longer = replace(request, params=replace(params, instruction="Keep it as it is."))
        try:
            engine.edit(request, lambda _step: None)
            if engine.info.concurrency > 1:
                engine.edit_together([request, request])
                engine.edit_together([request, longer])
        except Rejected:
            continue  # a preset or LoRA without its files, which the log has named
    seconds = time.monotonic() - start
    _log.info("Warmed up in %.1f s on %s", seconds, engine.device)
    return seconds
