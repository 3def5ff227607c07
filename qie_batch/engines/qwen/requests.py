"""EditRequest -> the arguments of the pipeline, or Rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.engines.qwen.options import LIMITS
from qie_batch.engines.qwen.params import check_params, lora_of, preset_of
from qie_batch.engines.qwen.prompt import check_length, neutralise
from qie_batch.errors import Rejected
from qie_batch.images import check_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from PIL import Image

    from qie_batch.engines.qwen.lora_table import OwnLora
    from qie_batch.engines.qwen.presets import QwenPreset
    from qie_batch.model import EditRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    preset: QwenPreset
    #: One of the user's own, beside that of the preset.
    lora: OwnLora | None
    images: list[Image.Image]
    prompt: str
    #: Never empty, since a blank negative prompt still enables CFG.
    negative: str
    width: int
    height: int
    steps: int
    cfg: float
    seed: int
    low_memory: bool

    @property
    def shape(self) -> Hashable:
        """Edits with an equal one can share a batch; that of an edit which has to be alone is its own."""
        if self.low_memory or (self.preset.cache and not self.preset.cache.mask):
            return object()  # the memory is for one, or a step is skipped by what this edit alone shows
        ratios = tuple(image.width / image.height for image in self.images)
        return self.preset, self.lora, self.width, self.height, self.steps, self.cfg, ratios


def call_for(
    request: EditRequest,
    presets: Mapping[str, QwenPreset],
    control_tokens: Iterable[str],
    count_tokens: Callable[[str], int],
    loras: Mapping[str, OwnLora],
) -> Call:
    """The request with its preset's defaults; Rejected where the pipeline would fail or give no image."""
    tokens, params = tuple(control_tokens), request.params
    preset, lora = preset_of(params, presets), lora_of(params, loras)
    check_params(params)
    instruction = lora.instruct(params.instruction) if lora else params.instruction
    call = Call(
        preset=preset,
        lora=lora,
        images=list(request.images),
        prompt=neutralise(instruction, tokens),
        negative=neutralise(params.negative, tokens) or " ",
        width=request.width,
        height=request.height,
        steps=preset.steps if params.steps is None else params.steps,
        cfg=preset.cfg if params.cfg is None else params.cfg,
        seed=params.seed or 0,
        low_memory=request.low_memory,
    )
    check_limits(LIMITS, [image.size for image in call.images])
    _check_size(call)
    check_length(call.prompt, "instruction", count_tokens)
    check_length(call.negative, "negative", count_tokens)
    return call


def _check_size(call: Call) -> None:
    if min(call.width, call.height) < 16 or call.width % 16 or call.height % 16:
        raise Rejected(
            f"The model paints multiples of 16 pixels, not {call.width}x{call.height}.",
            code="size_unsupported",
        )
