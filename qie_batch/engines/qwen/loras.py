"""The LoRAs of a pipeline: Lightning's of `fast` and `draft`, and the user's own.

All are loaded once and switched on and off between edits. They stay beside the weights, since what was added
to bfloat16 weights cannot be taken off without rounding, which would change the base model; unless a worker
serves the presets of one Lightning LoRA alone.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusers import FlowMatchEulerDiscreteScheduler

from qie_batch.engines.qwen.lora_files import load_lora
from qie_batch.errors import Misconfigured, Rejected

if TYPE_CHECKING:
    from qie_batch.engines.qwen.lora_table import OwnLora
    from qie_batch.engines.qwen.options import QwenOptions

_log = logging.getLogger(__name__)

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


class Loras:
    """Loads every pinned LoRA whose file exists and fits; an edit that asks for another is Rejected."""

    def __init__(self, pipe: Any, options: QwenOptions) -> None:
        """Misconfigured if the LoRA that is to be fused cannot be used."""
        self._pipe = pipe
        self._options = options
        self._own = options.own_loras
        self._base_scheduler = pipe.scheduler
        self._lightning_scheduler = FlowMatchEulerDiscreteScheduler(**SCHEDULER)
        #: Name of a LoRA -> why it is not loaded.
        self._refusals: dict[str, Rejected] = {}
        self._fused = options.fused_lora
        self._loaded = False
        #: Names of the LoRAs that the next edit runs with: that of the preset, and one of the user's own.
        self.selected: tuple[str, ...] = ()
        if self._fused:
            self._fuse()
        for lora, name in FILES.items():
            if lora != self._fused:
                self._load_lightning(lora, name)
        for own in self._own.values():
            self._load_own(own)
        self._switch()

    def select(self, lora: str, own: str = "") -> None:
        """Enable the preset's LoRA with its scheduler, and one of the user's own beside it; "" for none.

        Rejected if one of them is not loaded.
        """
        wanted = tuple(filter(None, (lora, own and f"own-{own}")))
        for name in wanted:
            if refusal := self._refusals.get(name):
                raise Rejected(refusal.message, code=refusal.code, hint=refusal.hint, subject=refusal.subject)
        if wanted == self.selected:
            return
        self.selected = wanted
        self._switch()

    def _switch(self) -> None:
        transformer = self._pipe.transformer
        adapters = [name for name in self.selected if name != self._fused]
        if adapters:
            transformer.set_adapters(adapters, weights=[self._scale(name) for name in adapters])
            transformer.enable_lora()
        elif self._loaded:
            transformer.disable_lora()
        lightning = any(name in FILES for name in self.selected)
        self._pipe.scheduler = self._lightning_scheduler if lightning else self._base_scheduler

    def _scale(self, adapter: str) -> float:
        return 1.0 if adapter in FILES else self._own[adapter.removeprefix("own-")].scale

    def _fuse(self) -> None:
        """Add the LoRA to the weights, for good."""
        name = FILES[self._fused]
        if refusal := _lightning_refusal(self._fused, name, self._options):
            raise Misconfigured(refusal.message, code=refusal.code, hint=refusal.hint)
        load_lora(self._pipe, self._path(name), self._options.lora_sha256[name], self._fused)
        self._pipe.fuse_lora(adapter_names=[self._fused], safe_fusing=True)
        self._pipe.unload_lora_weights()
        _log.info("Fused the LoRA %s into the weights", self._fused)

    def _load_lightning(self, lora: str, name: str) -> None:
        if refusal := _lightning_refusal(lora, name, self._options):
            self._refusals[lora] = refusal
            _log.info(" ".join(refusal.sentences))
        else:
            self._load(lora, self._path(name), self._options.lora_sha256[name])

    def _load_own(self, own: OwnLora) -> None:
        path = self._path(own.file)
        if path.is_file():
            self._load(f"own-{own.name}", path, own.sha256)
            return
        self._refuse(
            f"own-{own.name}",
            Misconfigured(
                f"The LoRA {own.name!r} needs the file {path}, which is not on this worker.",
                code="lora_missing",
                hint="Put it there, or choose another LoRA.",
            ),
        )

    def _load(self, adapter: str, path: Path, pin: str) -> None:
        try:
            load_lora(self._pipe, path, pin, adapter)
        except Misconfigured as error:
            self._refuse(adapter, error)
        else:
            self._loaded = True
            _log.info("Loaded the LoRA %s from %s", adapter.removeprefix("own-"), path)

    def _refuse(self, adapter: str, error: Misconfigured) -> None:
        _log.warning(" ".join(error.sentences))
        column = "preset" if adapter in FILES else "lora"
        self._refusals[adapter] = Rejected(error.message, code=error.code, hint=error.hint, subject=column)

    def _path(self, file: str | Path) -> Path:
        folder = self._options.lora_dir
        return folder / file if folder else Path(file)


def _lightning_refusal(lora: str, name: str, options: QwenOptions) -> Rejected | None:
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
