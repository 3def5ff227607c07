from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Memory = Literal["resident", "offload", "group"]

#: (width, height) the model was trained on: ten shapes of about one megapixel.
BUCKETS: tuple[tuple[int, int], ...] = (
    (1024, 1024),
    (1184, 896),
    (896, 1184),
    (1248, 832),
    (832, 1248),
    (1152, 928),
    (928, 1152),
    (1376, 768),
    (768, 1376),
    (1440, 736),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenOptions:
    #: A folder in the published layout, or a name in the local hub cache.
    model: str
    #: The weights' part of the cache key. A full commit id also picks that commit from the hub cache.
    revision: str
    lora_dir: Path | None = None
    #: Pinned sha256 (hex) by file name; a LoRA file without one is refused.
    lora_sha256: Mapping[str, str] = field(default_factory=dict)
    device: Literal["cuda", "cpu"] = "cuda"
    #: "auto" is bfloat16 on a card, as published, and float32 on the CPU.
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    #: "auto" chooses by the card's free memory.
    memory: Memory | Literal["auto"] = "auto"
