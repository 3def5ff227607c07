from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from qie_batch.errors import Misconfigured
from qie_batch.model import EngineInfo, EngineLimits, Preset
from qie_batch.model.buckets import QWEN_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Memory = Literal["resident", "offload", "group"]

BUCKETS = QWEN_BUCKETS

#: The text encoder gets each image at an area of 384 x 384, where a ratio above 16:1 leaves few pixels.
LIMITS = EngineLimits(max_images=3, max_reference_ratio=16, sizes=BUCKETS)

#: Steps and CFG of `reference` are the model card's; `fast` and `draft` are the Lightning distillations.
#: Seconds: published 40-step H100 figures scaled by the number of transformer forwards.
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="reference", steps=40, cfg=4.0, seconds=25.6),
        Preset(name="balanced", steps=24, cfg=4.0, seconds=15.4),
        Preset(name="fast", steps=8, cfg=1.0, lora="lightning-8", seconds=2.8),
        Preset(name="draft", steps=4, cfg=1.0, lora="lightning-4", seconds=1.5),
    )
}

#: Settings that become options of this engine.
OPTIONS = ("model", "model_revision", "lora_dir", "lora_sha256", "expected_device")


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenOptions:
    #: A folder in the published layout, or a name in the local hub cache.
    model: str
    #: The weights' part of the cache key. A full commit id also selects that commit in the hub cache.
    revision: str
    lora_dir: Path | None = None
    #: Pinned sha256 (hex) by file name; a LoRA file without one is refused.
    lora_sha256: Mapping[str, str] = field(default_factory=dict)
    device: Literal["cuda", "cpu"] = "cuda"
    #: "auto" is bfloat16 on a CUDA device, as published, and float32 on the CPU.
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    #: "auto" chooses by the free device memory.
    memory: Memory | Literal["auto"] = "auto"
    #: The device that edits are expected on, for estimates before there is history.
    expected_device: str = "H100"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The options from the settings named in OPTIONS; QIE_ENGINE_OPTIONS may set the other fields."""
        given = dict(options)
        given["revision"] = given.pop("model_revision", given.get("revision"))
        unknown = sorted(given.keys() - cls.__slots__)
        if unknown:
            raise Misconfigured(
                f"the qwen engine has no option {', '.join(unknown)}",
                hint=f"QIE_ENGINE_OPTIONS may give {', '.join(cls.__slots__)}",
            )
        return cls(**given)

    @property
    def pinned_loras(self) -> dict[str, str]:
        """Name of each LoRA -> the name with the hashes of its pinned files, as cache keys contain them."""
        pins = "+".join(f"{name}:{sha256[:12]}" for name, sha256 in sorted(self.lora_sha256.items()))
        loras = {preset.lora for preset in PRESETS.values() if preset.lora}
        return {lora: f"{lora}@{pins}" if pins else lora for lora in loras}


def engine_info(options: QwenOptions) -> EngineInfo:
    return EngineInfo(
        name="qwen",
        revision=options.revision,
        honours=frozenset({"negative", "steps", "cfg", "seed", "preset"}),
        presets=PRESETS,
        loras=options.pinned_loras,
        limits=LIMITS,
        device=options.expected_device,
        on_cuda=True,
    )
