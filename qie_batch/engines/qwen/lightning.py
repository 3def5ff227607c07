"""The Lightning LoRAs of `fast` and `draft`: pinned files, enabled and disabled between edits."""

from __future__ import annotations

import hashlib
import logging
import math
from typing import TYPE_CHECKING, Any

from diffusers import FlowMatchEulerDiscreteScheduler
from safetensors import SafetensorError
from safetensors.torch import load as read_safetensors

from qie_batch.errors import Misconfigured, Rejected

if TYPE_CHECKING:
    from pathlib import Path

    from qie_batch.engines.qwen.options import QwenOptions

_log = logging.getLogger(__name__)

#: Several times the size of a LoRA for this model; a larger file is no such LoRA.
MAX_BYTES = 4_000_000_000
#: The limit of safetensors.
MAX_HEADER_BYTES = 100_000_000

#: By `Preset.lora`; from lightx2v/Qwen-Image-Lightning, folder Qwen-Image-Edit-2509.
FILES = {
    "lightning-8": "Qwen-Image-Edit-2509-Lightning-8steps-V1.0-bf16.safetensors",
    "lightning-4": "Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors",
}
#: From the LoRAs' model card. With the base model's scheduler the LoRAs give bad images.
SCHEDULER = {
    "base_image_seq_len": 256,
    "base_shift": math.log(3),
    "max_image_seq_len": 8192,
    "max_shift": math.log(3),
    "num_train_timesteps": 1000,
    "shift": 1.0,
    "shift_terminal": None,
    "time_shift_type": "exponential",
    "use_dynamic_shifting": True,
}


class Lightning:
    """The LoRAs of a pipeline, of which at most one is enabled."""

    def __init__(self, pipe: Any, options: QwenOptions) -> None:
        """Load every pinned LoRA whose file exists; Misconfigured if a file has another hash than its pin."""
        self._pipe = pipe
        self._base_scheduler = pipe.scheduler
        self._scheduler = FlowMatchEulerDiscreteScheduler(**SCHEDULER)
        #: Name -> why the LoRA is not loaded.
        self._refusals: dict[str, Rejected] = {}
        for lora, name in FILES.items():
            refusal = _refusal(lora, name, options)
            if refusal is not None:
                self._refusals[lora] = refusal
                _log.info("%s %s", refusal, refusal.hint)
                continue
            _load(pipe, lora, name, options)
        self.select("")

    def select(self, lora: str) -> None:
        """Enable the LoRA and its scheduler, "" for neither; Rejected if the LoRA is not loaded.

        The LoRA is not fused into the weights: unfusing from bfloat16 weights leaves rounding errors, which
        would change the base model.
        """
        if lora in self._refusals:
            refusal = self._refusals[lora]
            raise Rejected(refusal.message, code=refusal.code, hint=refusal.hint)
        loaded = len(self._refusals) < len(FILES)
        if lora:
            self._pipe.transformer.set_adapters([lora])
            self._pipe.transformer.enable_lora()
        elif loaded:
            self._pipe.transformer.disable_lora()
        self._pipe.scheduler = self._scheduler if lora else self._base_scheduler


def _refusal(lora: str, name: str, options: QwenOptions) -> Rejected | None:
    steps = lora.removeprefix("lightning-")
    preset = "fast" if steps == "8" else "draft"
    if options.lora_dir is None or not (options.lora_dir / name).is_file():
        where = f"in {options.lora_dir}" if options.lora_dir else "on this worker (QIE_LORA_DIR is not set)"
        return Rejected(
            f"The preset {preset!r} needs the LoRA file {name}, which is not {where}.",
            code="preset_unavailable",
            hint="Put it there and pin it in QIE_LORA_SHA256, or use the preset 'reference' or 'balanced'.",
        )
    if name not in options.lora_sha256:
        return Rejected(
            f"The preset {preset!r} needs the LoRA file {name}, for which no sha256 is pinned.",
            code="preset_unavailable",
            hint="Compare its sha256 with the publisher's and pin it in QIE_LORA_SHA256.",
        )
    return None


def _load(pipe: Any, lora: str, name: str, options: QwenOptions) -> None:
    assert options.lora_dir is not None
    path = options.lora_dir / name
    _check_extent(path)
    data = path.read_bytes()  # once, so that what was hashed is what is loaded
    digest = hashlib.sha256(data).hexdigest()
    pinned = options.lora_sha256[name].lower()
    if digest != pinned:
        raise Misconfigured(
            f"The LoRA file {path} has the sha256 {digest}, but {pinned} is pinned.",
            code="lora_changed",
            hint="Fetch the file again, or mend QIE_LORA_SHA256 if the change was meant.",
        )
    try:
        pipe.load_lora_weights(read_safetensors(data), adapter_name=lora)
    except (SafetensorError, ValueError) as error:
        raise _unreadable(path, f"holds no LoRA for this model: {error}") from error
    _log.info("Loaded the LoRA %s from %s", lora, path)


def _check_extent(path: Path) -> None:
    """Misconfigured, before the whole file is read, if its length is not possible for such a LoRA."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _unreadable(path, f"has {size:,} bytes and {MAX_BYTES:,} are allowed")
    with path.open("rb") as file:
        # A safetensors file begins with the length of its header.
        header = int.from_bytes(file.read(8), "little")
    if not 0 < header <= min(MAX_HEADER_BYTES, size - 8):
        raise _unreadable(path, f"is no safetensors file: it says that its header has {header:,} bytes")


def _unreadable(path: Path, problem: str) -> Misconfigured:
    return Misconfigured(
        f"The LoRA file {path} {problem}",
        code="lora_unreadable",
        hint="Fetch it again from lightx2v/Qwen-Image-Lightning.",
    )
