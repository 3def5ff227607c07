"""Which engine edits, with which weights."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import Any

from pydantic import BaseModel, Field


class EngineSettings(BaseModel):
    #: Empty chooses: qwen where a CUDA device and the weights are, else classic.
    engine: str = ""
    #: Options of an engine outside of this package (QIE_ENGINE=package.module).
    engine_options: dict[str, Any] = Field(default_factory=dict)
    #: File of a segmentation model for the classic engine's cut-out, named as rembg names it.
    cutout_model: Path | None = None
    #: Pinned sha256 of that file; empty for a model whose file is known.
    cutout_sha256: str = ""
    #: CSV file of term,translation for "translate" of the classic engine.
    glossary: Path | None = None
