"""EditRequest -> the arguments of the pipeline, or Rejected."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qie_batch.engines.qwen.options import LIMITS, PRESETS
from qie_batch.engines.qwen.prompt import check_length, neutralise
from qie_batch.errors import Rejected
from qie_batch.images import check_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PIL import Image

    from qie_batch.model import EditRequest, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    images: list[Image.Image]
    prompt: str
    #: Never empty, since a blank negative prompt still enables CFG.
    negative: str
    width: int
    height: int
    steps: int
    cfg: float
    seed: int


def preset_of(request: EditRequest) -> Preset:
    name = request.params.preset or "reference"
    if name not in PRESETS:
        raise Rejected(
            f"There is no preset {name!r}.", code="preset_unknown", hint=f"There are: {', '.join(PRESETS)}."
        )
    return PRESETS[name]


def call_for(request: EditRequest, control_tokens: Iterable[str], count_tokens: Callable[[str], int]) -> Call:
    """The request with its preset's defaults; Rejected where the pipeline would fail or give no image."""
    preset = preset_of(request)
    tokens, params = tuple(control_tokens), request.params
    call = Call(
        images=list(request.images),
        prompt=neutralise(params.instruction, tokens),
        negative=neutralise(params.negative, tokens) or " ",
        width=request.width,
        height=request.height,
        steps=preset.steps if params.steps is None else params.steps,
        cfg=preset.cfg if params.cfg is None else params.cfg,
        seed=params.seed or 0,
    )
    check_limits(LIMITS, [image.size for image in call.images])
    _check_numbers(call, lightning=bool(preset.lora))
    check_length(call.prompt, "instruction", count_tokens)
    check_length(call.negative, "negative", count_tokens)
    return call


def _check_numbers(call: Call, *, lightning: bool) -> None:
    if min(call.width, call.height) < 16 or call.width % 16 or call.height % 16:
        raise Rejected(
            f"The model paints multiples of 16 pixels, not {call.width}x{call.height}.",
            code="size_unsupported",
        )
    # The base scheduler scales its steps to a given final noise, which for one step divides by zero.
    fewest = 1 if lightning else 2
    if call.steps < fewest:
        raise Rejected(
            f"{call.steps} steps are too few: this preset needs {fewest}.", code="steps_out_of_range"
        )
    if not (math.isfinite(call.cfg) and call.cfg >= 1):
        raise Rejected(f"A cfg of {call.cfg} means nothing: 1 is off, 4 is usual.", code="cfg_out_of_range")
    if not 0 <= call.seed < 2**63:
        raise Rejected(f"The seed {call.seed} is not between 0 and 2^63 - 1.", code="seed_out_of_range")
