"""Parameters that the pipeline cannot take, found without weights or images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qie_batch.engines.qwen.presets import BUILT_IN
from qie_batch.engines.qwen.prompt import check_characters
from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.engines.qwen.lora_table import OwnLora
    from qie_batch.engines.qwen.presets import QwenPreset
    from qie_batch.model import EditParams


def preset_of(params: EditParams, presets: Mapping[str, QwenPreset]) -> QwenPreset:
    name = params.preset or next(iter(presets))
    if name not in presets:
        raise Rejected(
            f"There is no preset {name!r}.",
            code="preset_unknown",
            hint=f"There are: {', '.join(presets)}.",
            subject="preset",
        )
    return presets[name]


def lora_of(params: EditParams, loras: Mapping[str, OwnLora]) -> OwnLora | None:
    if params.lora_name and params.lora_name not in loras:
        raise Rejected(
            f"There is no LoRA {params.lora_name!r}.",
            code="lora_unknown",
            hint=f"There are: {', '.join(loras)}." if loras else "QIE_LORAS names those that there are.",
            subject="lora",
        )
    return loras.get(params.lora_name)


def check_params(params: EditParams) -> None:
    """Rejected for steps, CFG or seed out of range, or a text too long to count its tokens.

    For a preset that is not built in, submit has checked the name and resolved steps and CFG.
    """
    preset = BUILT_IN.get(params.preset, BUILT_IN["reference"])
    steps = preset.steps if params.steps is None else params.steps
    cfg = preset.cfg if params.cfg is None else params.cfg
    seed = params.seed or 0
    # The base scheduler scales its steps to a given final noise, which for one step divides by zero.
    fewest = 1 if preset.lora else 2
    if steps < fewest:
        raise Rejected(
            f"{steps} steps are too few: this preset needs {fewest}.",
            code="steps_out_of_range",
            subject="steps",
        )
    if not (math.isfinite(cfg) and cfg >= 1):
        raise Rejected(
            f"A cfg of {cfg} means nothing: 1 is off, 4 is usual.", code="cfg_out_of_range", subject="cfg"
        )
    if not 0 <= seed < 2**63:
        raise Rejected(
            f"The seed {seed} is not between 0 and 2^63 - 1.", code="seed_out_of_range", subject="seed"
        )
    check_characters(params.instruction, "instruction")
    check_characters(params.negative, "negative")
