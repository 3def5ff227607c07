"""An edit: what decides its pixels, what an engine is asked for, what it gives."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image


#: Part of every cache key: raise it when the same inputs must give a new picture.
SCHEMA_VERSION = 1


class OutputFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named choice between quality and speed."""

    name: str
    steps: int
    cfg: float
    #: The Lightning LoRA this preset runs with, "" for none.
    lora: str = ""
    #: Expected seconds an edit on one 80 GB card at 1 MP, for estimates before there is history.
    seconds: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSpec:
    """Everything that decides the pixels of a result: what the cache key is made of."""

    #: sha256 (hex) of each input picture, in the row's order.
    inputs: tuple[str, ...]
    instruction: str
    negative: str
    #: Pixels of the result; None keeps the first picture's own.
    width: int | None
    height: int | None
    #: None where the engine has no such notion (classic).
    steps: int | None
    cfg: float | None
    seed: int | None
    preset: str
    engine: str
    revision: str
    lora: str
    output: OutputFormat

    def to_dict(self) -> dict[str, Any]:
        """Every field by name, fit for JSON; `asdict` copies deeply and takes ten times as long."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def cache_key(self) -> str:
        """Hex sha256 of the canonical JSON of all fields and the schema version."""
        fields = {"schema": SCHEMA_VERSION, **self.to_dict()}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """What an engine is asked for. All pictures are RGB, upright and opaque."""

    #: The picture to edit first, then up to two references.
    images: tuple[Image.Image, ...]
    instruction: str
    negative: str
    #: Pixels the engine is to paint; one of its own buckets where it has any.
    width: int
    height: int
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    preset: str = ""
    #: Trade time for memory where the engine can.
    low_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    #: RGB, of the request's width and height.
    image: Image.Image
