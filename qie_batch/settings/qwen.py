"""Weights, memory and speed of the qwen engine."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode


class QwenSettings(BaseModel):
    #: A folder in the published layout, or a name in the local hub cache.
    model: str = "Qwen/Qwen-Image-Edit-2509"
    #: Part of the cache key: change it when the weights change.
    model_revision: str = "2509"
    #: Folder with the Lightning LoRA files.
    lora_dir: Path | None = None
    #: Pinned sha256 of each LoRA file, by file name; a file without one is refused.
    lora_sha256: dict[str, str] = Field(default_factory=dict)
    #: LoRAs of one's own, by the name that rows give: file, sha256, scale, trigger.
    loras: dict[str, dict[str, Any]] = Field(default_factory=dict)
    #: A preset whose LoRA is fused into the weights; workers then serve the presets with that LoRA alone.
    fused_preset: str = ""
    #: Presets beside the built-in ones, by name: the fields that differ from those of the preset `like`.
    presets: dict[str, dict[str, Any]] = Field(default_factory=dict)
    #: Where the parts of the model lie while an edit runs; "auto" chooses by the device's free memory.
    vram_plan: str = "auto"
    #: Arithmetic of the transformer's large products; part of the cache key.
    quantisation: Literal["none", "fp8"] = "none"
    #: The attention kernel: "auto", or a name of diffusers' attention backends.
    attention: str = "auto"
    #: A folder, or an address below s3://, that keeps compiled kernels for the next process.
    compile_cache: str = ""
    #: Names of speed-ups that are switched off.
    rungs_off: Annotated[tuple[str, ...], NoDecode] = ()
    #: Square root of the area that is painted, and of the area at which a reference is read, in pixels. Other
    #: values than 1024 are part of the cache key.
    edit_side: int = Field(default=1024, ge=256, le=1536)
    reference_side: int = Field(default=1024, ge=256, le=1536)

    @field_validator("rungs_off", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name for part in value.split(",") if (name := part.strip()))
        return value
