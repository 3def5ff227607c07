"""Parameters that no server of the model takes, found before anything is sent."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.model import EditParams

#: The largest seed of torch's generators that fits a signed integer.
MAX_SEED = 2**63 - 1
#: Steps above this only cost.
MAX_STEPS = 200
#: No text of so many characters has fewer tokens than the 1,024 of the model.
MAX_CHARACTERS = 32 * 1024
#: Control tokens of the chat template: `<|image_pad|>` makes servers answer 200 without an image, or 500.
_CONTROL_TOKEN = re.compile(r"<(\|[^<>|]{1,40}\|>)")


def without_control_tokens(text: str) -> str:
    """The text with a space inside each control token; lone surrogates become question marks."""
    return _CONTROL_TOKEN.sub(r"< \1", text.encode("utf-8", "replace").decode())


def check_range(
    params: EditParams, *, max_seed: int = MAX_SEED, max_characters: int = MAX_CHARACTERS
) -> None:
    """Rejected for a seed, steps, CFG or text out of the range that servers take."""
    seed, steps, cfg = params.seed, params.steps, params.cfg
    if seed is not None and not 0 <= seed <= max_seed:
        raise Rejected(
            f"The seed {seed} is not between 0 and {max_seed}.", code="seed_out_of_range", subject="seed"
        )
    # The scheduler divides by zero for one step.
    if steps is not None and not 2 <= steps <= MAX_STEPS:
        raise Rejected(
            f"The steps have to be between 2 and {MAX_STEPS}, not {steps}.",
            code="steps_out_of_range",
            subject="steps",
        )
    if cfg is not None and not (math.isfinite(cfg) and cfg >= 1):
        raise Rejected(
            f"A cfg of {cfg} means nothing: 1 is off, 4 is usual.", code="cfg_out_of_range", subject="cfg"
        )
    for subject, text in (("instruction", params.instruction), ("negative", params.negative)):
        if len(text) > max_characters:
            raise Rejected(
                f"The {subject} has {len(text):,} characters and the server takes {max_characters:,}.",
                code="instruction_too_long",
                hint="Say it in fewer words; a few sentences serve best.",
                subject=subject,
            )
