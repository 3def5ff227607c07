"""The LoRAs of a pipeline: Lightning's of `fast` and `draft`, and the user's own.

All are read once and switched on and off between edits: Lightning's are adapters of their own, the user's
take turns in one more. They stay beside the weights, since what was added to bfloat16 weights cannot be taken
off without rounding, which would change the base model; unless a worker serves the presets of one Lightning
LoRA alone.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusers import FlowMatchEulerDiscreteScheduler

from qie_batch.engines.qwen.lora_bank import PLACE, LoraBank, taken_out
from qie_batch.engines.qwen.lora_files import load_lora
from qie_batch.engines.qwen.lora_table import OwnLora
from qie_batch.errors import Misconfigured, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
        self._folder = options.lora_dir or Path()
        self._base_scheduler = pipe.scheduler
        self._lightning_scheduler = FlowMatchEulerDiscreteScheduler(**SCHEDULER)
        self._fused = options.fused_lora
        #: By a name that Lightning's and one's own never share.
        self._loaded: dict[str, OwnLora] = {}
        #: Likewise, why the LoRA is not loaded.
        self._refusals: dict[str, Rejected] = {}
        #: Names of what the next edit runs with: that of the preset, and one of the user's own.
        self.selected: tuple[str, ...] = ()
        for lora, name in FILES.items():
            if not self._fused or lora == self._fused:
                self._load_lightning(lora, name, options)
        if self._fused:
            self._fuse()
        self._bank = self._banked(options.own_loras.values())
        self._switch()

    @property
    def ran(self) -> dict[str, Any]:
        """What the selected LoRAs are, for the record of a result."""
        loras = [self._loaded[name] for name in self.selected]
        return {
            "lora": "+".join(lora.name for lora in loras),
            "lora_sha256": "+".join(lora.sha256 for lora in loras),
            "lora_scale": "+".join(str(lora.scale) for lora in loras),
            "lora_fused": self._fused,
        }

    def select(
        self, lora: str, own: OwnLora | None = None, settle: Callable[[], None] = lambda: None
    ) -> None:
        """Enable the preset's LoRA, "" for none, with its scheduler, and one of the user's own beside it.

        `settle` is called before weights are overwritten, so that all of them lie where they belong. Rejected
        if one of the LoRAs is not loaded.
        """
        wanted = tuple(filter(None, (lora, _name(own) if own else "")))
        for name in wanted:
            if refusal := self._refusals.get(name):
                raise Rejected(refusal.message, code=refusal.code, hint=refusal.hint, subject=refusal.subject)
        if own and self._bank and not self._bank.holds(_name(own)):
            settle()
            self._bank.place(_name(own))
        if wanted != self.selected:
            self.selected = wanted
            self._switch()

    def _switch(self) -> None:
        transformer = self._pipe.transformer
        beside = [name for name in self.selected if name != self._fused]
        if beside:
            transformer.set_adapters([name if name in FILES else PLACE for name in beside], weights=1.0)
            transformer.enable_lora()
        elif self._loaded.keys() - {self._fused}:
            transformer.disable_lora()
        lightning = any(name in FILES for name in self.selected)
        self._pipe.scheduler = self._lightning_scheduler if lightning else self._base_scheduler

    def _fuse(self) -> None:
        """Add the loaded LoRA to the weights, for good."""
        if refusal := self._refusals.get(self._fused):
            raise Misconfigured(refusal.message, code=refusal.code, hint=refusal.hint)
        self._pipe.fuse_lora(adapter_names=[self._fused], safe_fusing=True)
        self._pipe.unload_lora_weights()
        _log.info("Fused the LoRA %s into the weights", self._fused)

    def _load_lightning(self, lora: str, name: str, options: QwenOptions) -> None:
        if refusal := _lightning_refusal(lora, name, options):
            self._refusals[lora] = refusal
            _log.info(" ".join(refusal.sentences))
        else:
            self._load(lora, OwnLora(name=lora, file=Path(name), sha256=options.lora_sha256[name].lower()))

    def _banked(self, table: Iterable[OwnLora]) -> LoraBank | None:
        taken = {}
        for own in table:
            self._load_own(own)
            if (name := _name(own)) in self._loaded:
                taken[name] = taken_out(self._pipe.transformer, name, own.scale)
        return LoraBank(self._pipe, taken) if taken else None

    def _load_own(self, own: OwnLora) -> None:
        if (path := self._folder / own.file).is_file():
            self._load(_name(own), own)
            return
        missing = Misconfigured(
            f"The LoRA {own.name!r} needs the file {path}, which is not on this worker.",
            code="lora_missing",
            hint="Put it there, or choose another LoRA.",
        )
        self._refuse(_name(own), missing)

    def _load(self, adapter: str, lora: OwnLora) -> None:
        path = self._folder / lora.file
        try:
            load_lora(self._pipe, path, lora.sha256, adapter)
        except Misconfigured as error:
            self._refuse(adapter, error)
        else:
            self._loaded[adapter] = lora
            _log.info("Loaded the LoRA %s from %s", lora.name, path)

    def _refuse(self, adapter: str, error: Misconfigured) -> None:
        _log.warning(" ".join(error.sentences))
        column = "preset" if adapter in FILES else "lora"
        self._refusals[adapter] = Rejected(error.message, code=error.code, hint=error.hint, subject=column)


def _name(own: OwnLora) -> str:
    return f"own-{own.name}"


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
