from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from qie_batch.engines.qwen.lora_table import OwnLora, own_loras
from qie_batch.engines.qwen.plans import changes_pixels, check_name
from qie_batch.engines.qwen.presets import BUILT_IN, QwenPreset, all_presets
from qie_batch.errors import Misconfigured
from qie_batch.model import EngineInfo, EngineLimits
from qie_batch.model.buckets import QWEN_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BUCKETS = QWEN_BUCKETS
PRESETS = BUILT_IN

#: Square root of the area that the model was trained on, in pixels.
TRAINED_SIDE = 1024

#: Small edits in a batch: of 512 squared, three at once are 2.7 times as fast as one after another, eight 3.1
#: times (H200; SGLang, pull request 22183), and each waits for all.
MOST_IN_BATCH = 4

#: The speed-ups that keep the result, within rounding; each can be switched off by QIE_RUNGS_OFF.
RUNGS = ("attention", "compile", "cfg_batch", "shared_vision", "memo", "vae_conv2d", "modulation", "batch")

#: Of them, those that keep every bit.
EXACT = frozenset({"shared_vision", "memo", "modulation"})

#: The text encoder gets each image at an area of 384 x 384, where a ratio above 16:1 leaves few pixels.
LIMITS = EngineLimits(max_images=3, max_reference_ratio=16, sizes=BUCKETS)

#: Settings that become options of this engine.
OPTIONS = (
    *(
        "model",
        "model_revision",
        "lora_dir",
        "lora_sha256",
        "loras",
        "fused_preset",
        "expected_device",
        "presets",
    ),
    *("vram_plan", "quantisation", "attention", "compile_cache", "rungs_off", "edit_side", "reference_side"),
)

#: Settings that decide the revision.
REVISION_SETTINGS = (
    *("QIE_MODEL_REVISION", "QIE_VRAM_PLAN", "QIE_QUANTISATION"),
    *("QIE_EDIT_SIDE", "QIE_REFERENCE_SIDE"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenOptions:
    #: A folder in the published layout, or a name in the local hub cache.
    model: str
    #: The weights' part of the cache key. A full commit id also selects that commit in the hub cache.
    revision: str
    lora_dir: Path | None = None
    #: Pinned sha256 (hex) by file name; a LoRA file without one is refused.
    lora_sha256: Mapping[str, str] = field(default_factory=dict)
    #: The user's own LoRAs, as the settings give them.
    loras: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: A preset whose LoRA is fused into the weights: workers serve the presets with that LoRA alone.
    fused_preset: str = ""
    device: Literal["cuda", "cpu"] = "cuda"
    #: "auto" is bfloat16 on a CUDA device, as published, and float32 on the CPU.
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    #: Where the parts of the model lie while an edit runs; "auto" chooses by the device's free memory.
    vram_plan: str = "auto"
    #: Arithmetic of the transformer's large products.
    quantisation: Literal["none", "fp8"] = "none"
    #: "auto", or a name of diffusers' attention backends.
    attention: str = "auto"
    #: A folder, or an address below s3://, that keeps compiled kernels for the next process; "" for none.
    compile_cache: str = ""
    #: Of RUNGS, those that are switched off.
    rungs_off: tuple[str, ...] = ()
    #: Of RUNGS, those that are switched on where they do not pay: on the CPU.
    rungs_on: tuple[str, ...] = ()
    #: Square root of the area that is painted, and of the area at which a reference is read, in pixels.
    edit_side: int = TRAINED_SIDE
    reference_side: int = TRAINED_SIDE
    #: The user's own presets, as the settings give them.
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: The device that edits are expected on, for estimates before there is history.
    expected_device: str = "H100"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The options from the settings named in OPTIONS; QIE_ENGINE_OPTIONS may set the other fields."""
        given = dict(options)
        given["revision"] = given.pop("model_revision", given.get("revision"))
        if unknown := [name for name in given.get("rungs_off", ()) if name not in RUNGS]:
            raise Misconfigured(
                f"QIE_RUNGS_OFF: there is no rung {', '.join(unknown)}.",
                hint=f"There are {', '.join(RUNGS)}.",
            )
        unknown = sorted(given.keys() - cls.__slots__)
        if unknown:
            raise Misconfigured(
                f"the qwen engine has no option {', '.join(unknown)}",
                hint=f"QIE_ENGINE_OPTIONS may give {', '.join(cls.__slots__)}",
            )
        chosen = cls(**given)
        _check_plan(chosen)
        return chosen

    def rung(self, name: str) -> bool:
        """Whether the speed-up is on: on the CPU, unless asked for, those alone that change no bit."""
        assert name in RUNGS
        if name in self.rungs_off:
            return False
        return self.device == "cuda" or name in EXACT or name in self.rungs_on

    @property
    def all_presets(self) -> dict[str, QwenPreset]:
        """Those that a worker serves."""
        presets, fused = all_presets(self.presets), self.fused_lora
        return {name: preset for name, preset in presets.items() if preset.lora == fused or not fused}

    @property
    def own_loras(self) -> dict[str, OwnLora]:
        return own_loras(self.loras)

    @property
    def fused_lora(self) -> str:
        """The Lightning LoRA that is part of the weights, "" for none."""
        if not self.fused_preset:
            return ""
        preset = all_presets(self.presets).get(self.fused_preset)
        if preset is None or not preset.lora:
            raise Misconfigured(
                f"QIE_FUSED_PRESET: {self.fused_preset!r} is no preset with a LoRA.",
                hint="Choose fast, draft, or a preset of yours that is like one of them.",
            )
        return preset.lora

    @property
    def buckets(self) -> tuple[tuple[int, int], ...]:
        """The sizes (width, height) that are painted: multiples of 16, at about the square of `edit_side`."""
        if self.edit_side == TRAINED_SIDE:
            return BUCKETS
        scale = self.edit_side / TRAINED_SIDE
        return tuple((round(w * scale / 16) * 16, round(h * scale / 16) * 16) for w, h in BUCKETS)

    @property
    def edits_at_once(self) -> int:
        """Edits that share a batch where they come together: more than one where all images are small."""
        small = max(self.edit_side, self.reference_side) <= TRAINED_SIDE // 2
        return MOST_IN_BATCH if small and self.rung("batch") else 1

    @property
    def full_revision(self) -> str:
        """The revision of the weights and what else changes every result."""
        sides = {"edit": self.edit_side, "reference": self.reference_side}
        changed = [f"{name} {side}" for name, side in sides.items() if side != TRAINED_SIDE]
        precision = ["int8"] if changes_pixels(self.vram_plan) else []
        if self.quantisation != "none":
            precision = [self.quantisation]
        return " ".join((self.revision, *precision, *changed))

    @property
    def pinned_loras(self) -> dict[str, str]:
        """Name of each LoRA -> the name with the hashes of its pinned files, as cache keys contain them."""
        pins = "+".join(f"{name}:{sha256[:12]}" for name, sha256 in sorted(self.lora_sha256.items()))
        loras = {preset.lora for preset in BUILT_IN.values() if preset.lora}
        # Added to the weights or beside them: the last bits differ.
        fused = " fused" if self.fused_lora else ""
        return {lora: f"{lora}@{pins}{fused}" if pins else f"{lora}{fused}" for lora in loras}


def _check_plan(options: QwenOptions) -> None:
    check_name(options.vram_plan)
    if options.fused_preset and changes_pixels(options.vram_plan):
        raise Misconfigured(
            f"QIE_FUSED_PRESET excludes QIE_VRAM_PLAN={options.vram_plan}.",
            hint="A LoRA cannot be added to weights in int8; without QIE_FUSED_PRESET it lies beside them.",
        )
    if options.quantisation != "none" and changes_pixels(options.vram_plan):
        raise Misconfigured(
            f"QIE_QUANTISATION={options.quantisation} excludes QIE_VRAM_PLAN={options.vram_plan}.",
            hint="An int8 plan saves memory and FP8 saves time, both in the same layers.",
        )


def engine_info(options: QwenOptions) -> EngineInfo:
    return EngineInfo(
        name="qwen",
        revision=options.full_revision,
        honours=frozenset({"negative", "steps", "cfg", "seed", "preset", "lora_name"}),
        presets=options.all_presets,
        loras=options.pinned_loras,
        own_loras={name: lora.pinned for name, lora in options.own_loras.items()},
        limits=replace(LIMITS, sizes=options.buckets),
        device=options.expected_device,
        on_cuda=True,
        concurrency=options.edits_at_once,
        revision_settings=REVISION_SETTINGS,
    )
